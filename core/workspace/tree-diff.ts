import { assert } from "../assert.ts";
import type { Git } from "./git.ts";
import type { ChangedPath } from "./workspace.ts";

/** Mode of an entry that is a commit of another repository: a submodule. */
export const gitlinkMode = "160000";

/** Mode of a symbolic link. */
const linkMode = "120000";

/** One path that differs between two trees. Modes are six octal digits, `000000` for absent. */
export interface TreeEntryChange {
  readonly path: string;
  readonly oldMode: string;
  readonly newMode: string;
  readonly oldId: string;
  readonly newId: string;
  /** `A`, `M`, `D` or `T`; a rename is an addition and a deletion. */
  readonly status: string;
}

/** Differences of pairs of trees, in the order of the pairs, with one git. */
export async function diffTrees(
  control: Git,
  pairs: readonly (readonly [string, string])[],
): Promise<readonly (readonly TreeEntryChange[])[]> {
  const args = ["diff-tree", "--stdin", "-r", "-z", "--raw", "--no-renames", "--no-abbrev"];
  const input = pairs.map(([from, to]) => `${from} ${to}\n`).join("");
  return parseTreeDiffs(await control.run(args, { input }), pairs.length);
}

/** Differences of two commits or trees. */
export async function diffRevisions(
  control: Git,
  from: string,
  to: string,
): Promise<readonly TreeEntryChange[]> {
  const args = ["diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", from, to];
  return parseTreeDiffs(`${from} ${to}\n${await control.run(args)}`, 1)[0]!;
}

/** What the interface shows of a difference. A rename is an addition and a deletion, so that a claim on either path is seen. */
export function changedPaths(entries: readonly TreeEntryChange[]): readonly ChangedPath[] {
  const changes = { A: "added", D: "deleted", M: "modified", T: "type" } as const;
  return entries.map(({ path, status, newMode }) => ({
    path,
    change: changes[status as keyof typeof changes] ?? "modified",
    ...(newMode === linkMode ? { link: true } : {}),
  }));
}

/** Reads what `git diff-tree --stdin -z --raw` prints for so many pairs: a line of two ids a pair, then its records. */
export function parseTreeDiffs(
  text: string,
  pairs: number,
): readonly (readonly TreeEntryChange[])[] {
  const all: TreeEntryChange[][] = [];
  for (let at = 0; at < text.length; ) {
    if (text[at] !== ":") {
      at = text.indexOf("\n", at) + 1;
      all.push([]);
      continue;
    }
    const metaEnd = text.indexOf("\0", at);
    const pathEnd = text.indexOf("\0", metaEnd + 1);
    const [oldMode, newMode, oldId, newId, status] = text.slice(at + 1, metaEnd).split(" ");
    const path = text.slice(metaEnd + 1, pathEnd);
    all.at(-1)!.push({
      path,
      oldMode: oldMode!,
      newMode: newMode!,
      oldId: oldId!,
      newId: newId!,
      status: status!,
    });
    at = pathEnd + 1;
  }
  assert(all.length === pairs, "git diff-tree must answer every pair of trees");
  return all;
}
