import { assert } from "../assert.ts";
import type { Task } from "../plan/plan.ts";
import type { Published } from "../run/event.ts";
import type { AttemptState, RunState, TaskState } from "../run/state.ts";
import type { GitRepository } from "../workspace/workspace.ts";
import type { Chain } from "./chain.ts";
import type { Clash } from "./clash.ts";
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
  const wanted = { run: state.id, base: state.base ?? from, tip: from };
  const [there] = await Promise.all([repository.landedTasks(wanted), noteFound(input)]);
  const missing = landed.flatMap(({ task, attempts }) => {
    const attempt = attempts.at(-1);
    return attempt?.kept == null || there.has(task.id) ? [] : [{ task, attempt }];
  });
  const complaint = await restored(input, missing);
  if (complaint === null) return null;
  const to = await repository.resolve(`refs/ra/${state.id}/_tip`);
  const keptOn = await keepOnBranch(repository, state.id, to);
  return { target, from, to, keptOn, reason: complaint };
}

/** Null, or why the results cannot go on. A fault of one of them must not leave the run open for ever either. */
async function restored(
  { repository, chain, target }: Parameters<typeof takeOverLanded>[0],
  missing: Parameters<typeof resultsOf>[1],
): Promise<string | null> {
  try {
    const conflicting = await chain.restore(await resultsOf(repository, missing));
    if (conflicting === null) return null;
    const { id } = conflicting.task;
    return `${id}, which landed before the run broke off, conflicts with \`${target}\``;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return `what landed before the run broke off cannot be merged again: ${message}`;
  }
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

/**
 * Conflicts that tasks of a resumed run still have to settle, by task: what was to be resolved, or made anew in the
 * knowledge of it, when the run broke off. The result that conflicted is pinned, so nothing of it is worked out again.
 */
export async function openClashes(
  repository: GitRepository,
  state: RunState,
): Promise<ReadonlyMap<string, Clash>> {
  const open = [...state.tasks.values()].flatMap((task) => {
    const attempt = task.finishedAt === null ? conflictingAttempt(task) : undefined;
    return attempt ? [{ task: task.task, attempt }] : [];
  });
  const results = await resultsOf(repository, open);
  const clashes = open.map(({ task, attempt }, i) => {
    const { base, commit } = results[i] as Result;
    const { paths, with: others = [] } = attempt.landing;
    return [task.id, { attempt: attempt.number, paths, with: others, base, commit }] as const;
  });
  return new Map(clashes);
}

/** The attempt whose result conflicted, when nothing but attempts that died with their `ra` came after it. */
function conflictingAttempt({ attempts }: TaskState) {
  const last = attempts.findLast(({ outcome }) => outcome !== null && outcome.kind !== "lost");
  const { landing } = last ?? {};
  if (!last || last.kept === null || landing?.kind !== "conflicted") return undefined;
  return { ...last, landing };
}

/** As they landed: a later result may build on the lines of an earlier one. */
export function byEnd(one: TaskState, other: TaskState): number {
  const [a, b] = [one.finishedSeq ?? 0, other.finishedSeq ?? 0];
  return a - b || one.task.position - other.task.position;
}

/** What attempts left, as the chain takes it. Each must have kept something. */
export async function resultsOf(
  repository: GitRepository,
  attempts: readonly { readonly task: Task; readonly attempt: AttemptState }[],
): Promise<Result[]> {
  const ids = attempts.map(({ task, attempt: { number, kept } }) => {
    assert(kept !== null, `attempt ${number} of ${task.id} has kept nothing`);
    return kept;
  });
  const commits = await repository.keptCommits(ids);
  return commits.map(({ commit, base, changes }, i) => {
    const { task, attempt } = attempts[i] as (typeof attempts)[number];
    return { task, attempt: attempt.number, runner: attempt.runner, base, commit, changes };
  });
}
