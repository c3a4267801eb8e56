import { must } from "./must.ts";
import { closeQuestions } from "./question.ts";
import type { RunState } from "./run-state.ts";
import { type EventOf, hasEnded, reopen, type TaskState, waitsToLand } from "./task.ts";

/** How long the present owner has driven a run at a time, in milliseconds. */
export function sinceOwned({ ownedSince }: RunState, at: string): number {
  return Math.max(0, Date.parse(at) - Date.parse(ownedSince)) || 0;
}

/** True when a person may have a task of a run that nobody drives tried anew: it failed, or was stopped. */
export function mayBeTried({ status }: Pick<TaskState, "status">): boolean {
  return status === "error" || status === "stopped";
}

/** The same, in a run that may go on at all. */
export function isRetriable(
  { status }: Pick<RunState, "status">,
  task: Pick<TaskState, "status">,
): boolean {
  return status !== "succeeded" && status !== "rolled-back" && mayBeTried(task);
}

/** True when a run that goes on takes a task up by itself: it has not ended, or was stopped with the run alone. */
export function isTakenUp(task: TaskState): boolean {
  return !hasEnded(task) || (task.status === "stopped" && task.stoppedBy === undefined);
}

/** Puts a run that broke off or ended into the hands of a new owner. */
export function resumeRun(state: RunState, event: EventOf<"run.resumed">): void {
  const budgets = Object.entries(event.budgets ?? {}).map(
    ([id, raised]) => [taskOf(state, event, id), raised] as const,
  );
  const retries = (event.retries ?? []).map((id) => taskOf(state, event, id));
  for (const { task, status } of retries) must(status !== "done", event, `${task.id} is done`);
  // Of a run that broke off, only what it recorded tells how long it was driven.
  const droveUntil = state.finishedAt === null ? state.lastAt : null;
  if (droveUntil !== null) state.drivenMs += sinceOwned(state, droveUntil);
  state.owner = event.owner;
  state.owners.push(event.owner);
  state.epoch = event.epoch ?? state.epoch + 1;
  state.ownedSince = event.at;
  state.status = "running";
  state.stopRequested = false;
  state.requests = [];
  state.finishedAt = null;
  state.exitCode = null;
  state.published = null;
  state.hold = null;
  state.limitReached = null;
  state.overBudget = null;
  state.budget = { ...state.budget, ...event.budget };
  delete state.discardedBranch;
  for (const record of state.providers.values()) record.probe = null;
  for (const [task, raised] of budgets) {
    task.budget = { ...task.budget, ...raised };
    if (task.error?.kind === "budget") reopen(task);
  }
  for (const task of retries) {
    delete task.stoppedBy;
    if (hasEnded(task)) reopen(task);
  }
  for (const task of state.tasks.values()) {
    const attempt = task.attempts.at(-1);
    if (attempt?.outcome === null) {
      attempt.outcome = { kind: "lost" };
      attempt.finishedAt = event.at;
      closeQuestions(attempt, "lost", event.at);
    }
    if (waitsToLand(task)) continue;
    if (isTakenUp(task)) reopen(task);
  }
  for (const task of state.tasks.values()) {
    if (task.status === "skipped" && !isBlocked(state, task)) reopen(task);
  }
}

function taskOf(state: RunState, event: EventOf<"run.resumed">, id: string): TaskState {
  const task = state.tasks.get(id);
  must(task, event, `there is no task ${id}`);
  return task;
}

/** True when what a task was skipped for has ended still. */
function isBlocked(state: RunState, skipped: TaskState): boolean {
  const seen = new Set<TaskState>();
  let cause: TaskState | undefined = skipped;
  while (cause?.status === "skipped" && !seen.has(cause)) {
    seen.add(cause);
    cause = cause.because === null ? undefined : state.tasks.get(cause.because);
  }
  // What failed and was landed by a person later keeps nothing back.
  return cause === undefined || (hasEnded(cause) && cause.status !== "done");
}
