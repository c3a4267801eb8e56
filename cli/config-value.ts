import { asMap, asText } from "../core/plan/draft.ts";
import { durationPattern, parseDuration } from "../core/plan/duration.ts";
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

/** A duration at a path, in milliseconds; null where there is none, or it is out of range. */
export function durationAt(
  root: Readonly<Record<string, unknown>>,
  path: readonly string[],
  issues: IssueList,
): number | null {
  const value = path.reduce<unknown>((above, key) => asMap(above)[key], root);
  if (typeof value !== "string") return null;
  const ms = parseDuration(value);
  if (ms === null && durationPattern.test(value)) {
    const message = `\`${path.join(".")}\` must be from 1ms to 24d, not \`${value}\``;
    issues.add({ code: "BAD_DURATION", path: [...path], message });
  }
  return ms;
}
