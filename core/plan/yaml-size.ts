import { isAlias, isCollection, isMap, isNode, isSeq, type Node } from "yaml";
import { depthMax } from "./syntax.ts";

/** Values a file may stand for once every alias is written out. */
const valuesMax = 2_000_000;

interface Size {
  readonly values: number;
  readonly depth: number;
}

/** What is wrong with the aliases of a document, and the offsets it stands at. */
export type AliasCheck =
  | { readonly trouble?: undefined }
  | {
      readonly trouble: { readonly code: string; readonly message: string; readonly hint: string };
      readonly at: readonly [number, number];
    };

/**
 * Counts what a document stands for with every alias written out, without writing any out: anchors come before
 * their aliases, so each is measured once. Finds names nobody set, circles, and bombs.
 */
export function measureYaml(contents: unknown): AliasCheck {
  const anchors = new Map<string, Size | "open">();
  let found: AliasCheck = {};
  const fail = (node: Node, code: string, message: string, hint: string): Size => {
    const [start, end] = node.range ?? [0, 1];
    if (!found.trouble) found = { trouble: { code, message, hint }, at: [start, end] };
    return { values: 0, depth: 0 };
  };

  const measureAlias = (node: Node & { source: string }): Size => {
    const size = anchors.get(node.source);
    const name = `*${node.source}`;
    if (size === undefined) {
      const message = `the alias \`${name}\` stands for nothing: no \`&${node.source}\` comes before it`;
      return fail(node, "SYNTAX", message, `put \`${name}\` in quotes if it is meant as text`);
    }
    if (size === "open") {
      return fail(node, "ALIAS", `the alias \`${name}\` stands inside itself`, "write it out");
    }
    return size;
  };

  const measure = (node: unknown): Size => {
    if (found.trouble || !isNode(node)) return { values: 1, depth: 0 };
    if (isAlias(node)) return measureAlias(node);
    const anchor = "anchor" in node ? node.anchor : undefined;
    if (anchor) anchors.set(anchor, "open");
    let values = 1;
    let depth = 0;
    for (const part of partsOf(node)) {
      const size = measure(part);
      values += size.values;
      depth = Math.max(depth, size.depth + 1);
    }
    if (values > valuesMax) {
      const hint = "write the values out, or put them into `defaults`";
      fail(node, "ALIAS", `the aliases of this file expand to more than ${valuesMax} values`, hint);
    }
    if (depth > depthMax + 1)
      fail(node, "TOO_DEEP", "the aliases of this file nest too deeply", "flatten it");
    if (anchor) anchors.set(anchor, { values, depth });
    return { values, depth };
  };

  measure(contents);
  return found;
}

function partsOf(node: Node): readonly unknown[] {
  if (!isCollection(node)) return [];
  if (isMap(node)) return node.items.flatMap((pair) => [pair.key, pair.value]);
  return isSeq(node) ? node.items : [];
}
