import { unreachable } from "../assert.ts";
import type { Event } from "./event.ts";
import { must } from "./must.ts";
import { noteProvider } from "./provider-record.ts";
import { resumeRun, sinceOwned } from "./resume.ts";
import type { Request, RunState } from "./run-state.ts";
import {
  applyToTask,
  type EventOf,
  hasEnded,
  newTask,
  type TaskEvent,
  type TaskState,
} from "./task.ts";

export type { Request, RunState } from "./run-state.ts";
export type { AttemptState, TaskState } from "./task.ts";

/** Names a check that was run on a tree. */
export function passKey(tree: string, check: string): string {
  return `${tree} ${check}`;
}

/** What can happen to a run that has finished. */
const mayFollowTheEnd: ReadonlySet<Event["type"]> = new Set<Event["type"]>([
  "run.resumed",
  "run.landed",
  "run.reverted",
  "run.cleaned",
  "run.held",
  "run.released",
  "logs.removed",
  "check.passed",
  "request.received",
]);

/**
 * The fold: folds one event into the state, in place, and returns it. The first event of a run must be
 * `run.started`. Throws a `Bug` that names the `seq` when the order of events is impossible; nothing is changed then.
 */
export function applyEvent(state: RunState | undefined, event: Event): RunState {
  if (event.type === "run.started") {
    must(state === undefined, event, "the run has started before");
    return startedRun(event);
  }
  must(state !== undefined, event, "the run has not started");
  must(state.id === event.run, event, "it belongs to another run");
  must(state.lastSeq < event.seq, event, "it is folded in already");
  if (!mayFollowTheEnd.has(event.type)) {
    must(state.finishedAt === null, event, "the run has finished");
  }
  if (isTaskEvent(event)) {
    const task = state.tasks.get(event.task);
    must(task !== undefined, event, "there is no such task");
    applyToTask(task, event);
    noteProvider(state.providers, event);
    if (event.type === "task.finished") obeyStop(state, task);
  } else {
    applyToRun(state, event);
  }
  state.counts.events += 1;
  if (event.type === "attempt.started") state.counts.attempts += 1;
  state.lastSeq = event.seq;
  if (isOfOwner(event)) state.lastAt = event.at;
  return state;
}

/** Facts that may name a task and change the run alone. */
const ofTheRun: ReadonlySet<Event["type"]> = new Set<Event["type"]>([
  "request.received",
  "budget.neared",
  "budget.reached",
]);

/** Requests and answers come from anybody, and who finds an attempt lost need not drive its run. */
function isOfOwner(event: Event): boolean {
  if (event.type === "attempt.finished") return event.outcome.kind !== "lost";
  return event.type !== "request.received" && event.type !== "question.answered";
}

function isTaskEvent(event: Event): event is TaskEvent {
  return "task" in event && !ofTheRun.has(event.type);
}

function applyToRun(
  state: RunState,
  event: Exclude<Event, TaskEvent | EventOf<"run.started">>,
): void {
  switch (event.type) {
    case "run.resumed":
      resumeRun(state, event);
      return;
    case "run.paused":
      state.status = "paused";
      return;
    case "run.continued":
      state.status = "running";
      state.requests = state.requests.filter((request) => request.action !== "continue");
      return;
    case "request.received": {
      const { seq, action, task = null, by } = event;
      state.requests.push({ seq, action, task, by });
      if (action === "stop" && task === null) state.stopRequested = true;
      return;
    }
    case "claims.yielded":
      for (const { attempts } of state.tasks.values()) {
        const last = attempts.at(-1);
        if (last && last.outcome !== null) last.yielded = true;
      }
      return;
    case "budget.neared":
      return;
    case "budget.reached": {
      const { task, measure, used, limit, unknown } = event;
      if (task !== undefined) return;
      state.overBudget = { measure, used, limit, ...(unknown === undefined ? {} : { unknown }) };
      return;
    }
    case "check.passed":
      state.passed.set(passKey(event.tree, event.check), event.at);
      return;
    case "limit.neared":
      return;
    case "limit.reached":
      state.limitReached = event.limit;
      return;
    case "run.finished":
      state.drivenMs += sinceOwned(state, event.at);
      state.status = event.status;
      state.finishedAt = event.at;
      state.exitCode = event.exitCode;
      state.published = event.published;
      // Publishing may have put the commits into another order, which gave them other ids.
      for (const { id, commit } of event.tasks) {
        const task = state.tasks.get(id);
        if (task) task.commit = commit;
      }
      return;
    case "run.landed":
      landLater(state, event);
      return;
    case "run.reverted":
      revert(state, event);
      return;
    case "run.cleaned":
      discard(state, event);
      return;
    case "run.held":
      state.epoch = event.epoch;
      state.hold = { owner: event.owner, by: event.by, since: event.at };
      return;
    case "run.released":
      state.hold = null;
      return;
    case "logs.removed":
      state.logsRemovedAt = event.at;
      return;
    default:
      unreachable(event);
  }
}

function startedRun(event: EventOf<"run.started">): RunState {
  const { plan, planPath, name, mode, concurrency, target, base, requestId, owner } = event;
  return {
    id: event.run,
    plan,
    planPath,
    name,
    mode,
    concurrency,
    target,
    base,
    requestId,
    startedAt: event.at,
    owner,
    owners: [owner],
    epoch: event.epoch ?? 1,
    ownedSince: event.at,
    status: "running",
    stopRequested: false,
    requests: [],
    tasks: new Map(plan.tasks.map((task) => [task.id, newTask(task)])),
    providers: new Map(),
    budget: plan.budget ?? {},
    overBudget: null,
    drivenMs: 0,
    finishedAt: null,
    exitCode: null,
    published: null,
    hold: null,
    logsRemovedAt: null,
    counts: { events: 1, attempts: 0 },
    limitReached: null,
    passed: new Map(),
    lastSeq: event.seq,
    lastAt: event.at,
  };
}

/** A request that names the task has nothing left to stop. */
function obeyStop(state: RunState, task: TaskState): void {
  const isObeyed = (request: Request): boolean =>
    request.action === "stop" && request.task === task.task.id;
  const stop = state.requests.find(isObeyed);
  if (!stop) return;
  if (task.status === "stopped") task.stoppedBy = stop.by;
  state.requests = state.requests.filter((request) => !isObeyed(request));
}

/** Brings what a person landed after the run into it, as if the run had landed it itself. */
function landLater(state: RunState, event: EventOf<"run.landed">): void {
  const landed = event.tasks.map(({ id, attempt, commit }) => {
    const task = state.tasks.get(id);
    const source = task?.attempts[attempt - 1];
    must(task && source, event, `there is no attempt ${attempt} of a task ${id}`);
    return { task, source, commit };
  });
  for (const { task, source, commit } of landed) {
    delete task.reverted;
    task.commit = commit;
    source.landing = commit === null ? { kind: "nothing" } : { kind: "merged", commit };
    if (!hasEnded(task)) continue;
    if (task.status !== "done") task.finishedSeq = event.seq;
    task.status = "done";
    task.error = null;
    task.because = null;
  }
  const { target, from, to } = event;
  if (event.complete) state.published = { target, from, to, keptOn: null, reason: null };
  if (state.finishedAt === null) return;
  state.status = event.status;
  state.exitCode = event.exitCode;
}

function revert(state: RunState, event: EventOf<"run.reverted">): void {
  const reverted = event.tasks.map(({ id, ...commits }) => {
    const task = state.tasks.get(id);
    must(task, event, `there is no task ${id}`);
    return { task, commits };
  });
  for (const { task, commits } of reverted) task.reverted = commits;
  if (state.finishedAt === null) return;
  const landed = [...state.tasks.values()].filter(({ commit }) => commit !== null);
  const isOver = landed.every(({ reverted }) => reverted !== undefined);
  if (isOver && state.published?.keptOn == null) state.status = "rolled-back";
}

function discard(state: RunState, event: EventOf<"run.cleaned">): void {
  must(state.finishedAt !== null, event, "the run has not finished");
  const discarded = event.tasks.map(({ id, unlanded }) => {
    const task = state.tasks.get(id);
    must(task, event, `there is no task ${id}`);
    return { task, unlanded };
  });
  for (const { task, unlanded } of discarded) {
    // What was lost at an earlier time stays lost.
    const lost = unlanded || task.discarded?.unlanded === true;
    task.discarded = { at: event.at, unlanded: lost };
  }
  if (event.branch !== null) state.discardedBranch = event.branch;
}
