import { assert } from "../assert.ts";
import type { Task } from "../plan/plan.ts";
import type { Published } from "../run/event.ts";
import type { AttemptState, RunState, TaskState } from "../run/state.ts";
import type { GitRepository } from "../workspace/workspace.ts";
import type { Chain } from "./chain.ts";
import { keepOnBranch } from "./kept-branch.ts";
import type { Result } from "./result.ts";
import { standingCommits } from "./standing.ts";

/**
 * Gives the chain of a resumed run what landed before the run broke off and did not reach the target: without it the
 * work of tasks that count as done would be missing at the end. Null, or why something no longer merges, with the
 * branch that holds all of it.
 */
export async function takeOverLanded(input: {
  readonly repository: GitRepository;
  readonly chain: Chain;
  readonly state: RunState;
  readonly target: string;
}): Promise<Published | null> {
  const { repository, chain, state, target } = input;
  const from = chain.tip;
  const landed = [...state.tasks.values()].filter(hasLanded).sort(byEnd);
  if (landed.length === 0) return null;
  await noteFound(input);
  const there = await repository.landedTasks({
    run: state.id,
    base: state.base ?? from,
    tip: from,
  });
  for (const task of landed) {
    if (there.has(task.task.id)) continue;
    const attempt = task.attempts.at(-1);
    if (!attempt || attempt.kept === null) continue;
    if (await chain.restore(await resultOf(repository, task.task, attempt))) continue;
    const to = await repository.resolve(`refs/ra/${state.id}/_tip`);
    const keptOn = await keepOnBranch(repository, state.id, to);
    const reason = `${task.task.id}, which landed before the run broke off, conflicts with \`${target}\``;
    return { target, from, to, keptOn, reason };
  }
  return null;
}

/** The target may have moved right before the run broke off: then its commits there are those of the run. */
async function noteFound(input: Parameters<typeof takeOverLanded>[0]): Promise<void> {
  const { repository, chain, state } = input;
  const wanted = { run: state.id, base: state.base, tip: chain.tip };
  const commits = standingCommits(await repository.landedCommits(wanted)).toReversed();
  const from = commits[0]?.parent;
  if (!from) return;
  chain.found(
    from,
    commits.flatMap(({ tasks, commit }) => tasks.map((task) => [task, commit] as const)),
  );
}

/** True when a task was merged and checked in its run. What a person has taken back does not count any more. */
export function hasLanded({ status, attempts, reverted }: TaskState): boolean {
  return status === "done" && reverted === undefined && attempts.at(-1)?.landing?.kind === "merged";
}

/** As they landed: a later result may build on the lines of an earlier one. */
export function byEnd(one: TaskState, other: TaskState): number {
  const [a, b] = [one.finishedSeq ?? 0, other.finishedSeq ?? 0];
  return a - b || one.task.position - other.task.position;
}

/** What an attempt left, as the chain takes it. The attempt must have kept something. */
export async function resultOf(
  repository: GitRepository,
  task: Task,
  { number, runner, kept }: AttemptState,
): Promise<Result> {
  assert(kept !== null, `attempt ${number} of ${task.id} has kept nothing`);
  // The recorded base of a workspace is the parent of what it left.
  const base = await repository.resolve(`${kept}^`);
  const changes = await repository.changes(base, kept);
  return { task, attempt: number, runner, base, commit: kept, changes };
}
