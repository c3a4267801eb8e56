import { err, ok, type Result } from "../result.ts";
import { findJson, type JsonNode, scanJson } from "./json.ts";
import type { Issue } from "./plan.ts";
import { createPlacer, type IssuePrefix, type Source } from "./source.ts";
import { depthMax, duplicateKey, tooDeep } from "./syntax.ts";

/** Reads a text by JSON.parse, with issues for what that tolerates. Undefined when the text is not JSON. */
export function parseJson(
  text: string,
  prefix: IssuePrefix,
): Result<Source, readonly Issue[]> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { keys, depth } = measure(value);
  if (depth > depthMax) return err([tooDeep(prefix, createPlacer(text)(0, 1))]);
  if (keys !== keysInText(text)) return err(duplicateKeys(text, prefix));
  return ok(jsonSource(text, value));
}

function measure(value: unknown): { keys: number; depth: number } {
  let keys = 0;
  let depth = 0;
  let level = [value];
  while (level.length > 0 && depth <= depthMax) {
    const below: unknown[] = [];
    for (const item of level) {
      if (typeof item !== "object" || item === null) continue;
      const values = Object.values(item);
      if (!Array.isArray(item)) keys += values.length;
      for (const each of values) below.push(each);
    }
    level = below;
    if (below.length > 0) depth += 1;
  }
  return { keys, depth };
}

/** JSON.parse keeps the last of two equal keys and tells nobody, but then the text holds more keys. */
function keysInText(text: string): number {
  let keys = 0;
  for (const match of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?/g)) if (match[1]) keys += 1;
  return keys;
}

function duplicateKeys(text: string, prefix: IssuePrefix): readonly Issue[] {
  const placer = createPlacer(text);
  const found: Issue[] = [];
  const visit = (node: JsonNode): void => {
    const lines = new Map<string, number>();
    for (const { name, start, end, value } of node.members ?? []) {
      const place = placer(start, end);
      const first = lines.get(name);
      if (first === undefined) lines.set(name, place.line);
      else found.push(duplicateKey(prefix, name, place, first));
      visit(value);
    }
    for (const item of node.items ?? []) visit(item);
  };
  visit(scanJson(text));
  return found;
}

function jsonSource(text: string, value: unknown): Source {
  const placer = createPlacer(text);
  let root: JsonNode | undefined;
  return {
    value,
    place(path, at) {
      root ??= scanJson(text);
      for (let known = path.length; known >= 0; known--) {
        const found = findJson(root, path.slice(0, known));
        if (!found) continue;
        if (found.key && at === "key" && known === path.length) {
          return placer(found.key.start, found.key.end);
        }
        const shown = found.value.members?.[0] ?? found.value;
        return placer(shown.start, shown.end);
      }
      return placer(0, 1);
    },
  };
}
