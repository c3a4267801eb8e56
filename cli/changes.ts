import { discardedError, refuseDiscarded } from "../core/dispatch/discarded.ts";
import { ExitCode, RaError } from "../core/error.ts";
import type { RunState, TaskState } from "../core/run/state.ts";
import type { GitRepository, LandedCommit } from "../core/workspace/workspace.ts";
import { usageError } from "./usage.ts";

/** One step of a history: what changed between two commits. */
export interface Change {
  readonly from: string;
  readonly to: string;
}

/** The commit of a task that has one; otherwise, or for an attempt that is named, what the attempt left. */
export async function changeOfTask(
  repository: GitRepository,
  state: RunState,
  of: TaskState,
  number: number | undefined,
): Promise<Change> {
  const { task, commit, attempts, discarded } = of;
  const name = `${state.id}/${task.id}`;
  if (number !== undefined && number > attempts.length) {
    throw usageError(`\`${name}\` has no attempt ${number}`, `see them with \`ra show ${name}\``);
  }
  refuseDiscarded(state, [of]);
  if (number === undefined && commit !== null) {
    // After a rebase of the user the commit may be gone; what the attempt left is still kept.
    const from = await repository.resolve(`${commit}^`).catch(() => null);
    if (from !== null) return { from, to: commit };
  }
  if (discarded) throw discardedError(name, discarded.at);
  const attempt =
    number === undefined ? attempts.findLast(({ kept }) => kept !== null) : attempts[number - 1];
  if (attempt?.kept != null) {
    return { from: await repository.resolve(`${attempt.kept}^`), to: attempt.kept };
  }
  throw nothing(number === undefined ? `\`${name}\`` : `attempt ${number} of \`${name}\``, state);
}

/** What is on the target, then what waits beside it: one step for all commits that follow each other. */
export async function changesOfRun(
  repository: GitRepository,
  state: RunState,
  target: string,
): Promise<readonly Change[]> {
  const { id: run, base } = state;
  const tip = await repository.branchTip(target);
  const landed = tip === null ? [] : await repository.landedCommits({ run, base, tip });
  const waiting = await waitingCommits(repository, state);
  const seen = new Set(landed.map(({ commit }) => commit));
  const there = new Set(landed.flatMap(({ tasks }) => tasks));
  const rest = waiting.filter(
    ({ commit, tasks }) => !seen.has(commit) && !tasks.every((id) => there.has(id)),
  );
  const ranges = [...stepsOf(landed), ...stepsOf(rest)];
  if (ranges.length === 0) {
    refuseDiscarded(state, [...state.tasks.values()]);
    throw nothing(`run \`${run}\``, state);
  }
  return ranges;
}

async function waitingCommits(
  repository: GitRepository,
  { id: run, base, published, finishedAt, discardedBranch }: RunState,
): Promise<readonly LandedCommit[]> {
  if (published?.keptOn && published.keptOn === discardedBranch) return [];
  if (published?.keptOn) {
    const tip = (await repository.branchTip(published.keptOn)) ?? published.to;
    return await repository.landedCommits({ run, base, tip });
  }
  if (finishedAt !== null) return [];
  const tip = await repository.resolve(`refs/ra/${run}/_tip`).catch(() => null);
  return tip === null ? [] : await repository.landedCommits({ run, base, tip });
}

/** Oldest first; commits that stand on each other become one step. `commits`: newest first. */
function stepsOf(commits: readonly LandedCommit[]): readonly Change[] {
  const steps: { from: string; to: string }[] = [];
  for (const { commit, parent } of commits.toReversed()) {
    const last = steps.at(-1);
    if (parent === null) continue;
    if (last?.to === parent) last.to = commit;
    else steps.push({ from: parent, to: commit });
  }
  return steps;
}

function nothing(what: string, { id }: RunState): RaError {
  return new RaError({
    code: "NOTHING_TO_SHOW",
    exitCode: ExitCode.usage,
    message: `${what} has changed nothing that git holds`,
    hint: `see how it ended with \`ra why ${id}\``,
  });
}
