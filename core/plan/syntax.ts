import type { Issue } from "./plan.ts";
import type { IssuePrefix, Place } from "./source.ts";

/** Levels of maps and lists a file may nest; a plan needs five. */
export const depthMax = 32;

/** The issue for a file that nests deeper than `depthMax`. */
export function tooDeep(prefix: IssuePrefix, place: Place): Issue {
  const message = `the file nests deeper than ${depthMax} levels`;
  return { code: `${prefix}_TOO_DEEP`, message, ...place, hint: "flatten it" };
}

/** The issue for a key that stands twice in one map; `firstLine` is where it stood first. */
export function duplicateKey(
  prefix: IssuePrefix,
  name: string,
  place: Place,
  firstLine: number,
): Issue {
  const message = `the key \`${name}\` stands twice in the same map`;
  const hint = `it is already on line ${firstLine}; keep one of the two`;
  return { code: `${prefix}_DUPLICATE_KEY`, message, ...place, hint };
}
