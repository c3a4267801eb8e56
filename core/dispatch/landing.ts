import { ExitCode, RaError } from "../error.ts";
import type { LandedTask } from "../run/event.ts";
import type { AttemptState, RunState, TaskState } from "../run/state.ts";
import type { GitRepository } from "../workspace/workspace.ts";
import type { Chain } from "./chain.ts";
import { discardedError } from "./discarded.ts";
import { byEnd, hasLanded, resultsOf } from "./recovery.ts";
import type { Result } from "./result.ts";
import { standingCommits } from "./standing.ts";

/** What a person wants to have on the target after its run. */
export interface LandingOrder {
  readonly repository: GitRepository;
  /** A chain that grows from the target's present tip. */
  readonly chain: Chain;
  readonly state: RunState;
  readonly target: string;
  /** Null: everything that is done and waits. */
  readonly task: string | null;
}

/** What reached the target. */
export interface LaterLanding {
  readonly from: string;
  readonly to: string;
  readonly tasks: readonly LandedTask[];
  /** True when nothing of the run waits any more. */
  readonly complete: boolean;
}

interface Kept {
  readonly task: TaskState;
  readonly attempt: AttemptState;
}

/**
 * Merges what a run kept onto the target's tip, from the recorded bases, checks the tree and moves the target. Throws
 * `RaError`: exit 2 when nothing is there to land, exit 7 with the paths or the reason when it cannot land; then
 * nothing has changed.
 */
export async function landKept(order: LandingOrder): Promise<LaterLanding> {
  const { repository, chain, state, target } = order;
  const from = chain.tip;
  const there = await tasksOn(repository, state, from);
  const waiting = waitingTasks(state, there);
  const wanted = order.task === null ? waiting : [keptResult(state, order.task, there, target)];
  if (wanted.length === 0) return await nothingWaits(order, from);
  for (const { task } of wanted) {
    if (task.discarded) throw discardedError(`${state.id}/${task.task.id}`, task.discarded.at);
  }
  const attempts = wanted.map(({ task, attempt }) => ({ task: task.task, attempt }));
  const conflicting = await chain.restore(await resultsOf(repository, attempts));
  if (conflicting !== null) throw await conflict(order, conflicting);
  const published = await chain.publish(false);
  if (published?.keptOn) throw refusal(state, published.reason ?? "it could not be landed");
  const landed = new Set(wanted.map(({ task }) => task.task.id));
  return {
    from: published?.from ?? from,
    to: published?.to ?? from,
    tasks: wanted.map(({ task, attempt }) => ({
      id: task.task.id,
      attempt: attempt.number,
      commit: chain.commitOf(task.task.id),
    })),
    complete: waiting.every(({ task }) => landed.has(task.task.id)),
  };
}

/** Tasks of the run whose work is in the history of `tip` and was not taken back there. */
async function tasksOn(
  repository: GitRepository,
  state: RunState,
  tip: string,
): Promise<ReadonlySet<string>> {
  const { id: run, base } = state;
  const [there, commits] = await Promise.all([
    repository.landedTasks({ run, base: base ?? tip, tip }),
    repository.landedCommits({ run, base, tip }),
  ]);
  const standing = new Set(standingCommits(commits).flatMap(({ tasks }) => tasks));
  const seen = new Set(commits.flatMap(({ tasks }) => tasks));
  // What came with a merge of the user is in the history, but not in its first-parent line.
  return new Set([...there].filter((task) => standing.has(task) || !seen.has(task)));
}

function waitingTasks(state: RunState, there: ReadonlySet<string>): Kept[] {
  return [...state.tasks.values()]
    .filter((task) => hasLanded(task) && !there.has(task.task.id))
    .sort(byEnd)
    .flatMap((task) => {
      const attempt = task.attempts.at(-1);
      return attempt?.kept == null ? [] : [{ task, attempt }];
    });
}

function keptResult(state: RunState, id: string, there: ReadonlySet<string>, target: string): Kept {
  const name = `${state.id}/${id}`;
  const task = state.tasks.get(id);
  if (there.has(id)) throw nothing(`the work of \`${name}\` is on \`${target}\` already`);
  const attempt = task?.attempts.findLast(({ kept }) => kept !== null);
  if (task && attempt) return { task, attempt };
  throw nothing(`task \`${name}\` has left nothing that could land`, `see \`ra why ${name}\``);
}

/** Nothing waits. When the log does not know that yet, somebody brought it there by hand: that is told. */
async function nothingWaits(order: LandingOrder, tip: string): Promise<LaterLanding> {
  const { repository, state, target } = order;
  if (state.published?.keptOn == null) {
    const hint = `see what became of its tasks with \`ra show ${state.id}\``;
    throw nothing(`nothing of run \`${state.id}\` waits to land on \`${target}\``, hint);
  }
  const { id: run, base } = state;
  const commits = standingCommits(await repository.landedCommits({ run, base, tip }));
  const tasks = [...state.tasks.values()].filter(hasLanded).flatMap((task): LandedTask[] => {
    const attempt = task.attempts.at(-1)?.number;
    const found = commits.find(({ tasks: ids }) => ids.includes(task.task.id));
    const commit = found?.commit ?? task.commit;
    return attempt === undefined ? [] : [{ id: task.task.id, attempt, commit }];
  });
  return { from: tip, to: tip, tasks, complete: true };
}

async function conflict({ repository, chain, state }: LandingOrder, result: Result) {
  const { base, commit, task } = result;
  const merge = await repository.merge({ base, ours: chain.tip, theirs: commit });
  const paths = merge.kind === "conflict" ? merge.paths : [];
  const touching = await repository.commitsTouching({ from: base, to: chain.tip, paths });
  const who = touching.slice(0, 3).map((each) => `${each.commit.slice(0, 7)} ${each.subject}`);
  const by = who.length === 0 ? "" : `; they were changed by ${who.join(", ")}`;
  return new RaError({
    code: "LAND_CONFLICT",
    exitCode: ExitCode.notLanded,
    message: `\`${state.id}/${task.id}\` conflicts in ${paths.join(", ")}${by}`,
    hint: `see its work with \`ra diff ${state.id}/${task.id}\`; nothing has changed`,
  });
}

function refusal({ id, published }: RunState, reason: string): RaError {
  const where = published?.keptOn ? `on \`${published.keptOn}\`` : `below \`refs/ra/${id}/\``;
  return new RaError({
    code: "LAND_REFUSED",
    exitCode: ExitCode.notLanded,
    message: reason,
    hint: `mend that and run \`ra land\` again; until then the work stays ${where}`,
  });
}

function nothing(message: string, hint?: string): RaError {
  return new RaError({ code: "NOTHING_TO_LAND", exitCode: ExitCode.usage, message, hint });
}
