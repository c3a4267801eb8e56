import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  Parser,
  type YAMLError,
} from "yaml";
import { assert } from "../assert.ts";
import { err, ok, type Result } from "../result.ts";
import type { Issue } from "./plan.ts";
import { createPlacer, type IssuePrefix, type Path, type Place, type Source } from "./source.ts";
import { depthMax, duplicateKey, tooDeep } from "./syntax.ts";
import { measureYaml } from "./yaml-size.ts";
import { explainYaml } from "./yaml-words.ts";

/** Reads a YAML text with the place of every value. Everything that is wrong with its syntax is an issue. */
export function parseYaml(text: string, prefix: IssuePrefix): Result<Source, readonly Issue[]> {
  const placer = createPlacer(text);
  const tokens = [...new Parser().parse(text)];
  // The composer calls itself for every level, so the depth is looked at before.
  const deep = tokens.map(firstTooDeep).find((offset) => offset !== undefined);
  if (deep !== undefined) return err([tooDeep(prefix, placer(deep, deep + 1))]);

  const composer = new Composer({ uniqueKeys: true, strict: true, prettyErrors: false });
  const documents = [...composer.compose(tokens, true, text.length)];
  const [document, second] = documents;
  assert(document, "the composer was told to give a document");
  const issues = [...document.errors, ...document.warnings].map((problem) =>
    describe(problem, text, document, prefix, placer),
  );
  if (second) {
    const start = second.range[0];
    const code = `${prefix}_TWO_DOCUMENTS`;
    const message = "the file holds more than one document";
    const hint = "keep one, and remove the line `---` between them";
    issues.push({ code, message, ...placer(start, start + 3), hint });
  }
  const size = issues.length === 0 ? measureYaml(document.contents) : undefined;
  if (size?.trouble) {
    const [start, end] = size.at;
    issues.push({ ...size.trouble, code: `${prefix}_${size.trouble.code}`, ...placer(start, end) });
  }
  if (issues.length > 0) return err(dropEchoes(issues));
  const value: unknown = document.toJS({ maxAliasCount: -1 });
  return ok({ value, place: (path, at) => locate(document, path, at, placer) });
}

/** Offset of the first collection that is nested too deeply. */
function firstTooDeep(root: CST.Token): number | undefined {
  let level: CST.Token[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    const below: CST.Token[] = [];
    for (const token of level) {
      if (token.type === "document") {
        if (token.value) below.push(token.value);
      } else if ("items" in token) {
        if (depth > depthMax) return token.offset;
        for (const item of token.items) {
          if (item.key) below.push(item.key);
          if (item.value) below.push(item.value);
        }
      }
    }
    level = below;
  }
  return undefined;
}

function describe(
  problem: YAMLError,
  text: string,
  document: Document.Parsed,
  prefix: IssuePrefix,
  placer: (start: number, end: number) => Place,
): Issue {
  const [start, end] = problem.pos;
  if (problem.code === "DUPLICATE_KEY") {
    const twin = findTwin(document.contents, start);
    if (twin)
      return duplicateKey(
        prefix,
        twin.name,
        placer(start, twin.end),
        placer(twin.first, twin.first).line,
      );
  }
  const { message, hint } = explainYaml(problem, text);
  // An error at the very end of a file is shown on its last line with ink.
  const at = Math.min(start, Math.max(0, text.trimEnd().length - 1));
  const place = start > at ? placer(at, at + 1) : placer(start, end);
  return { code: `${prefix}_SYNTAX`, message, ...place, hint };
}

function findTwin(
  node: unknown,
  offset: number,
): { name: string; first: number; end: number } | undefined {
  if (isSeq(node)) {
    for (const item of node.items) {
      const found = findTwin(item, offset);
      if (found) return found;
    }
  }
  if (!isMap(node)) return undefined;
  const firsts = new Map<string, number>();
  for (const pair of node.items) {
    const key = pair.key as Node | null;
    const name = keyName(key);
    const [start, end] = key?.range ?? [-1, -1];
    const first = firsts.get(name);
    if (start === offset && first !== undefined) return { name, first, end };
    if (first === undefined) firsts.set(name, start);
    const found = findTwin(pair.value, offset);
    if (found) return found;
  }
  return undefined;
}

/** One slip makes the parser complain many times about what follows; the first complaint is the one to mend. */
function dropEchoes(issues: readonly Issue[]): readonly Issue[] {
  const sorted = [...issues].sort((a, b) => a.line - b.line || a.column - b.column);
  const first = sorted.findIndex((issue) => issue.code.endsWith("_SYNTAX"));
  return sorted.filter((issue, i) => !issue.code.endsWith("_SYNTAX") || i === first);
}

function keyName(key: unknown): string {
  return isScalar(key) ? String(key.value ?? "") : String(key ?? "");
}

function locate(
  document: Document.Parsed,
  path: Path,
  at: "key" | "value",
  placer: (start: number, end: number) => Place,
): Place {
  let node: unknown = document.contents;
  let shown: unknown = node;
  for (const [i, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((each) => keyName(each.key) === String(step));
      if (!pair) break;
      const wantsKey = i === path.length - 1 && at === "key";
      shown = wantsKey || isHollow(pair.value) ? pair.key : pair.value;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(step)];
      if (!item) break;
      shown = node = item;
    } else break;
  }
  const first = isMap(shown) ? (shown.items[0]?.key ?? shown) : shown;
  const [start, end] = (first as Node | null)?.range ?? [0, 1];
  return placer(start, isSeq(first) && !first.flow ? start + 1 : end);
}

/** True for a value that takes no room in the text, as after `deps:` with nothing behind it. */
function isHollow(value: unknown): boolean {
  const range = (value as Node | null)?.range;
  return !range || range[0] === range[1];
}
