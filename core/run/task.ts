import { unreachable } from "../assert.ts";
import type { ProcessIdentity } from "../id.ts";
import type { Budget, Isolation, Task } from "../plan/plan.ts";
import type { Event, WaitReason } from "./event.ts";
import {
  atWorkStatuses,
  type Finding,
  type Landing,
  type Outcome,
  type Resolves,
  type TaskError,
  type TaskStatus,
  type Usage,
} from "./model.ts";
import { must } from "./must.ts";
import { applyQuestion, closeQuestions, openQuestions, type QuestionState } from "./question.ts";
import { type AttemptSession, sessionOf } from "./session.ts";

/** One try of a task, as the log tells it. */
export interface AttemptState {
  readonly number: number;
  readonly runner: string;
  readonly model: string | null;
  /** The account that answers it; absent for a plain command, and in old logs. */
  readonly provider?: string;
  /** Who would have done it, and why another did; absent for the first choice. */
  readonly instead?: NonNullable<EventOf<"attempt.started">["instead"]>;
  readonly isolation: Isolation;
  /** The paths it claims, as globs; grows when its claim is extended. */
  touching: readonly string[];
  /** Null for an attempt at the task itself. */
  readonly resolves: Resolves | null;
  readonly startedAt: string;
  process: ProcessIdentity | null;
  workspace: string | null;
  /** The commit it works on; null without git, and before its process runs. */
  base: string | null;
  finishedAt: string | null;
  durationMs: number | null;
  outcome: Outcome | null;
  usage: Usage | null;
  kept: string | null;
  findings: readonly Finding[];
  /** What its agent asked a person, oldest first. */
  questions: QuestionState[];
  landing: Landing | null;
  /** The agent's session; absent until its model has answered in one. */
  session?: AttemptSession;
  /** Its paths were given up before they reached the target. */
  yielded?: boolean;
}

/** A conflict that was seen before its merge. `with`: the other task; null for what has landed. */
export interface Foreseen {
  readonly with: string | null;
  readonly paths: readonly string[];
}

/** One task of a run, as the log tells it. */
export interface TaskState {
  readonly task: Task;
  /** What its attempts may use together; a resume may raise it. */
  budget: Budget;
  status: TaskStatus;
  waiting: WaitReason | null;
  parkedUntil: string | null;
  attempts: AttemptState[];
  error: TaskError | null;
  because: string | null;
  commit: string | null;
  warnings: readonly string[];
  /** Conflicts that were seen coming while it ran. */
  foreseen: readonly Foreseen[];
  finishedAt: string | null;
  /** The `seq` of the event that ended it; null while it has not. Clocks jump and tasks end in one millisecond: this orders. */
  finishedSeq: number | null;
  /** Who stopped this task by its name: such a task stays stopped when the run is resumed. */
  stoppedBy?: string;
  /** The commit that brought its work and the one that took it back, as long as it is taken back. */
  reverted?: { readonly commit: string; readonly revert: string };
  /** When a person discarded its results and logs, and whether work went that was not on the target. */
  discarded?: { readonly at: string; readonly unlanded: boolean };
}

/** A fact of one type, as the log holds it. */
export type EventOf<T extends Event["type"]> = Extract<Event, { type: T }>;

/** The facts that change one task and nothing else. */
export type TaskEvent = EventOf<
  | "task.waiting"
  | "attempt.started"
  | "process.spawned"
  | "conflict.foreseen"
  | "question.asked"
  | "question.answered"
  | "question.withdrawn"
  | "session.opened"
  | "attempt.finished"
  | "cooldown.ended"
  | "claim.extended"
  | "task.parked"
  | "merge.finished"
  | "task.finished"
>;

/** A task before anything happened to it. */
export function newTask(task: Task): TaskState {
  return {
    task,
    budget: task.budget ?? {},
    status: task.done ? "done" : "pending",
    waiting: null,
    parkedUntil: null,
    attempts: [],
    error: null,
    because: null,
    commit: null,
    warnings: [],
    foreseen: [],
    finishedAt: null,
    finishedSeq: null,
  };
}

/** True while an attempt of the task runs, or its result is being landed. */
export function isAtWork({ status }: Pick<TaskState, "status">): boolean {
  return atWorkStatuses.includes(status);
}

/** True when the task has come to one of its four ends. */
export function hasEnded(task: TaskState): boolean {
  const { status } = task;
  return status === "done" || status === "error" || status === "skipped" || status === "stopped";
}

/** True when a task has left a result that nobody has landed or refused: it is not worked out a second time. */
export function waitsToLand({ status, attempts }: TaskState): boolean {
  const last = attempts.at(-1);
  if (status !== "merging" || last?.outcome?.kind !== "succeeded") return false;
  return last.outcome.commit !== null && last.landing === null;
}

/** The part of the fold that concerns one task: changes it in place, or throws a `Bug` and changes nothing. */
export function applyToTask(task: TaskState, event: TaskEvent): void {
  must(!hasEnded(task), event, "the task has ended");
  switch (event.type) {
    case "task.waiting":
      mustRest(task, event);
      setLive(task, "waiting");
      task.waiting = event.reason;
      return;
    case "task.parked":
      mustRest(task, event);
      setLive(task, "parked");
      task.parkedUntil = event.until;
      return;
    case "attempt.started":
      startAttempt(task, event);
      return;
    case "process.spawned": {
      const attempt = lastAttempt(task, event);
      must(attempt.outcome === null, event, "the attempt has finished");
      attempt.process = event.process;
      attempt.workspace = event.workspace;
      attempt.base = event.base;
      return;
    }
    case "conflict.foreseen":
      task.foreseen = [...task.foreseen, { with: event.with, paths: event.paths }];
      return;
    case "question.asked":
    case "question.answered":
    case "question.withdrawn":
      noteQuestion(task, event);
      return;
    case "session.opened":
      lastAttempt(task, event).session = sessionOf(event);
      return;
    case "attempt.finished":
      finishAttempt(task, event);
      return;
    case "cooldown.ended":
      must(task.attempts[event.attempt - 1], event, "there is no such attempt");
      return;
    case "claim.extended": {
      const attempt = lastAttempt(task, event);
      must(task.status === "merging", event, "the task is not being merged");
      attempt.touching = [...new Set([...attempt.touching, ...event.paths])];
      return;
    }
    case "merge.finished": {
      const attempt = lastAttempt(task, event);
      must(task.status === "merging", event, "the task is not being merged");
      attempt.landing = event.landing;
      task.warnings = event.warnings;
      return;
    }
    case "task.finished":
      finishTask(task, event);
      return;
    default:
      unreachable(event);
  }
}

function startAttempt(task: TaskState, event: EventOf<"attempt.started">): void {
  mustRest(task, event);
  const next = task.attempts.length + 1;
  must(event.attempt === next, event, "attempts are numbered one by one");
  setLive(task, "running");
  delete task.discarded;
  task.attempts.push({
    number: event.attempt,
    runner: event.runner,
    model: event.model,
    ...(event.provider === undefined ? {} : { provider: event.provider }),
    ...(event.instead === undefined ? {} : { instead: event.instead }),
    isolation: event.isolation,
    touching: event.touching,
    resolves: event.resolves ?? null,
    startedAt: event.at,
    process: null,
    workspace: null,
    base: null,
    finishedAt: null,
    durationMs: null,
    outcome: null,
    usage: null,
    kept: null,
    findings: [],
    questions: [],
    landing: null,
  });
}

/** A task needs a person while a question of its attempt is open. */
function noteQuestion(
  task: TaskState,
  event: EventOf<"question.asked" | "question.answered" | "question.withdrawn">,
): void {
  const attempt = lastAttempt(task, event);
  must(attempt.outcome === null, event, "the attempt has finished");
  const trouble = applyQuestion(attempt, event);
  must(trouble === null, event, trouble ?? "");
  setLive(task, openQuestions(attempt).length === 0 ? "running" : "needs-you");
}

function finishAttempt(task: TaskState, event: EventOf<"attempt.finished">): void {
  const attempt = lastAttempt(task, event);
  // A process that was declared lost may still report: from inside a container its owner looks dead to others.
  const open = attempt.outcome === null || attempt.outcome.kind === "lost";
  must(open, event, "the attempt has finished before");
  attempt.outcome = event.outcome;
  attempt.finishedAt = event.at;
  attempt.durationMs = event.durationMs;
  attempt.usage = event.usage;
  attempt.kept = event.kept;
  attempt.findings = event.findings ?? [];
  closeQuestions(attempt, event.outcome.kind === "lost" ? "lost" : "ended", event.at);
  const { kind } = event.outcome;
  setLive(task, kind === "succeeded" || kind === "unchanged" ? "merging" : "pending");
}

function finishTask(task: TaskState, event: EventOf<"task.finished">): void {
  mustRest(task, event);
  setLive(task, "pending");
  task.status = event.status;
  task.error = event.error;
  task.commit = event.commit;
  task.because = event.because ?? null;
  task.finishedAt = event.at;
  task.finishedSeq = event.seq;
}

/** Makes a task ready to run again, as if it had not come to an end. */
export function reopen(task: TaskState): void {
  setLive(task, "pending");
  task.error = null;
  task.because = null;
  task.finishedAt = null;
  task.finishedSeq = null;
}

function setLive(task: TaskState, status: TaskStatus): void {
  task.status = status;
  task.waiting = null;
  task.parkedUntil = null;
}

function lastAttempt(task: TaskState, event: TaskEvent & { attempt: number }): AttemptState {
  const attempt = task.attempts.at(-1);
  must(attempt?.number === event.attempt, event, "it is not the last attempt");
  return attempt as AttemptState;
}

/** No attempt of the task may be open. */
function mustRest(task: TaskState, event: TaskEvent): void {
  const attempt = task.attempts.at(-1);
  must(attempt?.outcome !== null, event, "an attempt is open");
}
