import { assert } from "../assert.ts";
import type { Site } from "./site.ts";
import { changedPaths, diffTrees } from "./tree-diff.ts";
import type { KeptCommit } from "./workspace.ts";

/** Reads results as `GitRepository.keptCommits` promises: a process for each would make a long run slow to resume. */
export async function keptCommits(
  site: Site,
  commits: readonly string[],
): Promise<readonly KeptCommit[]> {
  if (commits.length === 0) return [];
  const found = await site.objects.commits(...commits);
  const bases = found.map(({ id, parents }) => {
    const [base] = parents;
    assert(base !== undefined, `the result ${id} stands on no base`);
    return base;
  });
  const starts = await site.objects.commits(...bases);
  const pairs = found.map(({ tree }, i) => [starts[i]?.tree as string, tree] as const);
  const diffs = await diffTrees(site.control, pairs);
  return found.map(({ id, tree }, i) => ({
    commit: id,
    base: bases[i] as string,
    tree,
    changes: changedPaths(diffs[i] ?? []),
  }));
}
