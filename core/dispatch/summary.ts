import { assert } from "../assert.ts";
import { ExitCode } from "../error.ts";
import type { Fact, Published, TaskSummary } from "../run/event.ts";
import type { EventLog } from "../run/log.ts";
import type { EndStatus, RunStatus, TaskError } from "../run/model.ts";
import { lostQuestions } from "../run/question.ts";
import type { RunState, TaskState } from "../run/state.ts";
import type { EndingKind } from "./ending.ts";
import type { Hands } from "./hands.ts";

/** Records the end of a run: what was never started is `stopped`, and the first root cause decides the exit code. */
export async function finishRun(input: {
  readonly log: EventLog;
  readonly run: string;
  readonly published: Published | null;
  readonly ending: EndingKind | null;
  readonly hands: Pick<Hands, "commitOf">;
}): Promise<{ status: RunStatus; exitCode: number }> {
  const { log, run, published, ending } = input;
  let end: { status: RunStatus; exitCode: number } | null = null;
  await log.commit(run, ({ state }) => {
    assert(state, `run ${run} has no beginning`);
    const facts: Fact[] = [];
    const tasks = [...state.tasks.values()].map((task) => {
      const summary = summarise(task, input.hands);
      if (!ended(task)) facts.push(stoppedFact(task));
      return summary;
    });
    end = {
      status: runStatus(tasks, published, ending),
      exitCode: exitCodeOf(state, published, ending),
    };
    return [...facts, { type: "run.finished", ...end, published, tasks }];
  });
  assert(end, "the decision ran");
  return end;
}

/** The end of a run that nobody drives any more and nobody will resume. Nothing of it may be at work. */
export function abandonedEnd(state: RunState): Fact[] {
  const facts: Fact[] = [];
  const tasks = [...state.tasks.values()].map((task) => {
    if (task.attempts.at(-1)?.outcome === null) {
      facts.push(...lostQuestions([[task.task.id, task]]), lostFact(task));
    }
    if (!ended(task)) facts.push(stoppedFact(task));
    return summarise(task, { commitOf: () => null });
  });
  const exitCode = ExitCode.interrupted;
  return [
    ...facts,
    { type: "run.finished", status: "interrupted", exitCode, published: null, tasks },
  ];
}

/** What a run comes to once the work of these tasks has landed after its end. `complete`: nothing of it waits any more. */
export function endAfterLanding(
  state: RunState,
  landed: ReadonlySet<string>,
  complete: boolean,
): { readonly status: RunStatus; readonly exitCode: number } {
  const tasks = new Map<string, TaskState>();
  for (const [id, task] of state.tasks) {
    tasks.set(id, landed.has(id) ? { ...task, status: "done", error: null } : task);
  }
  const after: RunState = { ...state, tasks };
  const published = complete ? null : state.published;
  const { status } = state;
  const ending = status === "stopped" || status === "interrupted" ? status : null;
  const summaries = [...tasks.values()].map((task) => summarise(task, { commitOf: () => null }));
  return {
    status: runStatus(summaries, published, ending),
    exitCode: exitCodeOf(after, published, ending),
  };
}

function summarise(task: TaskState, hands: Pick<Hands, "commitOf">): TaskSummary {
  const status: EndStatus = ended(task) ? (task.status as EndStatus) : "stopped";
  return {
    id: task.task.id,
    status,
    commit: hands.commitOf(task.task.id) ?? task.commit,
    attempts: task.attempts.length,
    error: task.error,
    ...(task.because === null ? {} : { because: task.because }),
  };
}

function ended(task: TaskState): boolean {
  return task.finishedAt !== null;
}

function lostFact({ task, attempts }: TaskState): Fact {
  return {
    type: "attempt.finished",
    task: task.id,
    attempt: attempts.length,
    outcome: { kind: "lost" },
    durationMs: 0,
    usage: null,
    kept: null,
    notes: [],
  };
}

function stoppedFact(task: TaskState): Fact {
  return {
    type: "task.finished",
    task: task.task.id,
    status: "stopped",
    error: null,
    commit: null,
  };
}

function runStatus(
  tasks: readonly TaskSummary[],
  published: Published | null,
  ending: EndingKind | null,
): RunStatus {
  if (ending !== null && tasks.some((task) => task.status === "stopped"))
    return ending === "budget" ? "interrupted" : ending;
  if (published?.keptOn) return "failed";
  return tasks.every((task) => task.status === "done") ? "succeeded" : "failed";
}

function exitCodeOf(
  state: RunState,
  published: Published | null,
  ending: EndingKind | null,
): number {
  const open = [...state.tasks.values()].some((task) => !ended(task) || task.status === "stopped");
  if (ending === "interrupted" && open) return ExitCode.interrupted;
  if (ending === "budget" && open) return ExitCode.budget;
  const cause = firstCause(state);
  if (cause?.error)
    return lackedAnswer(cause) ? ExitCode.needsPerson : exitCodeOfError(cause.error);
  if (state.limitReached !== null && open) return ExitCode.budget;
  if (ending === "stopped" && open) return ExitCode.taskFailed;
  if (published?.keptOn) return ExitCode.notLanded;
  return open ? ExitCode.taskFailed : ExitCode.ok;
}

/** The task whose error came first: what failed later may only be its consequence. */
function firstCause(state: RunState): TaskState | null {
  let first: TaskState | null = null;
  for (const task of state.tasks.values()) {
    if (task.error === null || task.finishedAt === null) continue;
    if (first === null || (task.finishedSeq ?? 0) < (first.finishedSeq ?? 0)) first = task;
  }
  return first;
}

/** True when its agent gave up, or did nothing, after a question that nobody answered. */
function lackedAnswer({ error, attempts }: TaskState): boolean {
  if (error?.kind !== "failed" && error?.kind !== "no-change") return false;
  const { questions = [] } = attempts.at(-1) ?? {};
  return questions.some(({ end }) => end?.kind === "withdrawn" && end.reason === "unanswered");
}

function exitCodeOfError(error: TaskError): number {
  if (error.kind === "conflict") return ExitCode.notLanded;
  if (error.kind === "auth") return ExitCode.runnerUnfit;
  if (error.kind === "budget") return ExitCode.budget;
  return ExitCode.taskFailed;
}
