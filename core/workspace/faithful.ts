import { assert } from "../assert.ts";
import type { DiffProcess } from "./merge-process.ts";
import type { TreeEntryChange } from "./tree-diff.ts";

/** The four trees of a merge; ids. */
export interface FourTrees {
  readonly base: string;
  /** The side that is landed on. */
  readonly ours: string;
  /** What the task left. */
  readonly theirs: string;
  /** The result. */
  readonly merged: string;
}

/**
 * Holds a clean merge against its four trees: a path that one side left as in the base must be as on the other side.
 * Throws a `Bug` that names the paths where it is not, so that no merge reverts anybody's work in silence.
 */
export async function requireFaithful(diffs: DiffProcess, trees: FourTrees): Promise<void> {
  const { base, ours, theirs, merged } = trees;
  const [own, landed] = await diffs.diff([base, theirs], [ours, merged]);
  if (landsPlainly(own!, landed!)) return;
  const [other, kept] = await diffs.diff([base, ours], [theirs, merged]);
  const strays = [...strayPaths(landed!, own!, other!), ...strayPaths(kept!, other!, own!)];
  assert(
    strays.length === 0,
    `a merge changes paths that neither side changed: ${strays.join(", ")}`,
  );
}

/**
 * The common case, told from two of the four differences: the landed paths are the task's own, and where the target
 * was as the base, it now is as the task left it.
 */
function landsPlainly(
  own: readonly TreeEntryChange[],
  landed: readonly TreeEntryChange[],
): boolean {
  if (own.length !== landed.length) return false;
  const changes = new Map(own.map((entry) => [entry.path, entry]));
  return landed.every((now) => {
    const change = changes.get(now.path);
    if (!change) return false;
    const untouched = now.oldId === change.oldId && now.oldMode === change.oldMode;
    return !untouched || (now.newId === change.newId && now.newMode === change.newMode);
  });
}

/**
 * Paths the second change set brought besides its own. `landed`: what it changed in the merged tree.
 * A path that the other side added counts as its own when the other side also deleted one of its paths:
 * git then followed a rename. An empty answer is what the four trees of a faithful merge give.
 */
export function strayPaths(
  landed: readonly TreeEntryChange[],
  own: readonly TreeEntryChange[],
  other: readonly TreeEntryChange[],
): readonly string[] {
  const mine = new Set(own.map(({ path }) => path));
  const strays = landed.filter(({ path }) => !mine.has(path)).map(({ path }) => path);
  if (strays.length === 0) return [];
  const moved = other.some(({ status, path }) => status === "D" && mine.has(path));
  const targets = new Set(other.filter(({ status }) => status === "A").map(({ path }) => path));
  return strays.filter((path) => !(moved && targets.has(path)));
}
