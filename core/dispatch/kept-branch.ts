import type { Repository } from "../workspace/workspace.ts";

/** Branches that are tried before the work of a run gives up finding a name. */
const namesMax = 100;

/**
 * Keeps a commit on the branch `ra/<run>`. A branch of that name that the user has moved since, or has made, stays where it is:
 * then the next free name is taken, `ra/<run>-2` and so on. Gives the name.
 */
export async function keepOnBranch(
  repository: Repository,
  run: string,
  commit: string,
): Promise<string> {
  const mark = `refs/ra/${run}/_kept`;
  const before = await repository.resolve(mark).catch(() => null);
  for (let number = 1; number <= namesMax; number++) {
    const branch = number === 1 ? `ra/${run}` : `ra/${run}-${number}`;
    const tip = await repository.branchTip(branch);
    if (tip !== null && tip !== before && tip !== commit) continue;
    await repository.pin(mark, commit);
    await repository.pin(`refs/heads/${branch}`, commit);
    return branch;
  }
  throw new Error(`all of ra/${run} to ra/${run}-${namesMax} are taken by other work`);
}
