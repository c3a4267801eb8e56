import type { Path } from "./source.ts";

/** A value in a JSON text: offsets of its first unit and of the unit after its last. */
export interface JsonNode {
  readonly start: number;
  readonly end: number;
  readonly members?: readonly JsonMember[];
  readonly items?: readonly JsonNode[];
}

export interface JsonMember {
  readonly name: string;
  /** Offsets of the quoted name. */
  readonly start: number;
  readonly end: number;
  readonly value: JsonNode;
}

/** Finds where everything stands in a text that `JSON.parse` accepts and that is not nested too deeply. */
export function scanJson(text: string): JsonNode {
  return scanValue(text, skipSpace(text, 0));
}

/** The member a key path names, or the list item with no name; undefined where there is none. */
export function findJson(
  root: JsonNode,
  path: Path,
): { readonly value: JsonNode; readonly key?: JsonMember } | undefined {
  let value = root;
  let key: JsonMember | undefined;
  for (const step of path) {
    key = undefined;
    if (value.members) {
      key = value.members.findLast((member) => member.name === String(step));
      if (!key) return undefined;
      value = key.value;
    } else {
      const item = value.items?.[Number(step)];
      if (!item) return undefined;
      value = item;
    }
  }
  return key ? { value, key } : { value };
}

function scanValue(text: string, start: number): JsonNode {
  const first = text[start];
  if (first === "{") return scanObject(text, start);
  if (first === "[") return scanArray(text, start);
  if (first === '"') return { start, end: stringEnd(text, start) };
  let end = start;
  while (end < text.length && !",]} \t\r\n".includes(text[end]!)) end += 1;
  return { start, end };
}

function scanObject(text: string, start: number): JsonNode {
  const members: JsonMember[] = [];
  let at = skipSpace(text, start + 1);
  while (text[at] !== "}") {
    const end = stringEnd(text, at);
    const value = scanValue(text, skipSpace(text, skipSpace(text, end) + 1));
    members.push({ name: JSON.parse(text.slice(at, end)), start: at, end, value });
    at = skipComma(text, value.end);
  }
  return { start, end: at + 1, members };
}

function scanArray(text: string, start: number): JsonNode {
  const items: JsonNode[] = [];
  let at = skipSpace(text, start + 1);
  while (text[at] !== "]") {
    const item = scanValue(text, at);
    items.push(item);
    at = skipComma(text, item.end);
  }
  return { start, end: at + 1, items };
}

function skipComma(text: string, at: number): number {
  const next = skipSpace(text, at);
  return text[next] === "," ? skipSpace(text, next + 1) : next;
}

function skipSpace(text: string, at: number): number {
  let next = at;
  while (text[next] === " " || text[next] === "\n" || text[next] === "\r" || text[next] === "\t")
    next += 1;
  return next;
}

function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
