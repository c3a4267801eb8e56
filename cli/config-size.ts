import { asMap, asText } from "../core/plan/draft.ts";
import type { IssueList } from "../core/plan/source.ts";
import { parseSize, sizePattern } from "./size.ts";

/** A size below two keys; null where there is none, or it leaves `from LEAST to MOST`. */
export function sizeAt(
  root: Readonly<Record<string, unknown>>,
  path: readonly [string, string],
  range: `from ${string} to ${string}`,
  issues: IssueList,
): number | null {
  const text = asText(asMap(root[path[0]])[path[1]]);
  if (text === undefined) return null;
  const [least = 0, most = 0] = range
    .split(" ")
    .flatMap((word) => parseSize(word, { least: 0, most: Infinity }) ?? []);
  const bytes = parseSize(text, { least, most });
  if (bytes === null && sizePattern.test(text)) {
    const message = `\`${path.join(".")}\` must be ${range}, not \`${text}\``;
    issues.add({ code: "BAD_SIZE", path: [...path], message });
  }
  return bytes;
}
