import type { LandedCommit } from "../workspace/workspace.ts";

/**
 * The commits whose work stands, newest first: those that no later commit takes back. A revert that names a commit
 * which is not there, as after a rebase, counts for the newest of the same task. `commits`: newest first.
 */
export function standingCommits(commits: readonly LandedCommit[]): readonly LandedCommit[] {
  const standing: LandedCommit[] = [];
  for (const commit of commits.toReversed()) {
    if (commit.reverts === null) {
      standing.push(commit);
      continue;
    }
    const named = standing.findIndex((each) => each.commit === commit.reverts);
    const task = commit.tasks[0] ?? "";
    const at = named >= 0 ? named : standing.findLastIndex(({ tasks }) => tasks.includes(task));
    if (at >= 0) standing.splice(at, 1);
  }
  return standing.reverse();
}
