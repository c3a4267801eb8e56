import { assert } from "../assert.ts";
import type { RunOwner } from "../id.ts";
import type { ProviderRecord } from "../run/cooldown.ts";
import type { Event } from "../run/event.ts";
import type { QuestionState } from "../run/question.ts";
import type { AttemptState, RunState, TaskState } from "../run/state.ts";
import type {
  AttemptsTable,
  ClaimsTable,
  CooldownsTable,
  EventsTable,
  ProcessesTable,
  QuestionsTable,
  RunsTable,
  TasksTable,
} from "./schema.ts";

/** An event as the log's table keeps it. */
export function eventRow(event: Event): EventsTable {
  const { v: _, seq, at, run, ...fact } = event;
  return {
    seq,
    at,
    run,
    type: fact.type,
    task: ("task" in fact ? fact.task : null) ?? null,
    attempt: "attempt" in fact ? fact.attempt : null,
    body: JSON.stringify(fact),
  };
}

/** The event a row of the log holds. */
export function eventOf(row: Pick<EventsTable, "seq" | "at" | "run" | "body">): Event {
  return { v: 1, seq: row.seq, at: row.at, run: row.run, ...JSON.parse(row.body) };
}

/** The columns of a run that name its owner. */
export const ownerColumns = ["owner_pid", "owner_ticks", "owner_host", "owner_boot"] as const;

/** The owner that a row of a run names. */
export function ownerOf(row: Pick<RunsTable, (typeof ownerColumns)[number]>): RunOwner {
  const { owner_pid: pid, owner_ticks: startTicks, owner_host: host, owner_boot: boot } = row;
  return {
    ...{ pid, startTicks },
    ...(host === null ? {} : { host }),
    ...(boot === null ? {} : { boot }),
  };
}

/** The row of a run, without its tasks. */
export function runRow(state: RunState): RunsTable {
  return {
    id: state.id,
    name: state.name,
    status: state.status,
    mode: state.mode,
    target: state.target,
    plan_path: state.planPath,
    request_id: state.requestId,
    owner_pid: state.owner.pid,
    owner_ticks: state.owner.startTicks,
    owner_host: state.owner.host ?? null,
    owner_boot: state.owner.boot ?? null,
    started_at: state.startedAt,
    finished_at: state.finishedAt,
    exit_code: state.exitCode,
  };
}

/** The row of a task. */
export function taskRow(state: RunState, task: TaskState): TasksTable {
  return {
    run: state.id,
    id: task.task.id,
    position: task.task.position,
    // Of a log that was damaged and put together again, a key may have lost its name.
    description: task.task.description ?? "",
    status: task.status,
    attempts: task.attempts.length,
    waiting: json(task.waiting),
    parked_until: task.parkedUntil,
    error: json(task.error),
    because: task.because,
    commit_id: task.commit,
    warnings: task.warnings.length === 0 ? "[]" : JSON.stringify(task.warnings),
    finished_at: task.finishedAt,
  };
}

/** The row of an attempt. */
export function attemptRow(state: RunState, task: TaskState, attempt: AttemptState): AttemptsTable {
  return {
    run: state.id,
    position: task.task.position,
    task: task.task.id,
    number: attempt.number,
    runner: attempt.runner,
    model: attempt.model,
    workspace: attempt.workspace,
    started_at: attempt.startedAt,
    finished_at: attempt.finishedAt,
    duration_ms: attempt.durationMs === null ? null : Math.round(attempt.durationMs),
    ended: attempt.outcome?.kind ?? null,
    outcome: json(attempt.outcome),
    usage: json(attempt.usage),
    kept: attempt.kept,
    landing: json(attempt.landing),
  };
}

/** True while an attempt has a process that the registry shows. */
export function isListed(state: RunState, attempt: AttemptState): boolean {
  return attempt.process !== null && attempt.outcome === null && state.finishedAt === null;
}

/** The row of a listed attempt's process. */
export function processRow(
  state: RunState,
  { task, status }: TaskState,
  attempt: AttemptState,
): ProcessesTable {
  assert(attempt.process !== null, `attempt ${attempt.number} of ${task.id} has no process`);
  return {
    run: state.id,
    task: task.id,
    attempt: attempt.number,
    pid: attempt.process.pid,
    ticks: attempt.process.startTicks,
    type: task.work.kind === "command" && attempt.runner === task.runner ? "command" : "kernel",
    description: task.description,
    status,
    touching: JSON.stringify(attempt.touching),
    request_id: state.requestId,
    runner: attempt.runner,
    model: attempt.model,
    workspace: attempt.workspace,
    started_at: attempt.startedAt,
  };
}

/** What a task holds: its paths while an attempt runs, and after success until the run publishes or yields them. */
export function claimRows(state: RunState, task: TaskState): ClaimsTable[] {
  const attempt = task.attempts.at(-1);
  if (attempt === undefined || attempt.touching.length === 0 || state.finishedAt !== null)
    return [];
  const isLive = attempt.outcome === null;
  if (!isLive && (attempt.outcome?.kind !== "succeeded" || attempt.yielded)) return [];
  if (!isLive && task.finishedAt !== null && task.status !== "done") return [];
  const globs = [...new Set(attempt.touching)];
  return globs.map((glob) => ({
    run: state.id,
    task: task.task.id,
    glob,
    live: isLive ? 1 : 0,
  }));
}

/** The row of what a run knows of a provider. */
export function cooldownRow(
  { id }: RunState,
  provider: string,
  { refused, answeredSeq, probe }: ProviderRecord,
): CooldownsTable {
  return {
    provider,
    run: id,
    until: refused?.until ?? null,
    seq: refused?.seq ?? 0,
    at: refused?.at ?? "",
    times: refused?.times ?? 0,
    task: refused?.task ?? "",
    attempt: refused?.attempt ?? 0,
    message: refused?.message ?? "",
    answered_seq: answeredSeq,
    probe_task: probe?.task ?? null,
    probe_attempt: probe?.attempt ?? null,
  };
}

/** The row of what an agent asked in an attempt. */
export function questionRow(
  { id }: RunState,
  { task }: TaskState,
  { number }: AttemptState,
  { gate, text, options, askedAt, until, end }: QuestionState,
): QuestionsTable {
  return {
    run: id,
    gate,
    task: task.id,
    attempt: number,
    text,
    options: JSON.stringify(options),
    asked_at: askedAt,
    until,
    answer: end?.kind === "answered" ? end.answer : null,
    ended_by: end?.kind === "answered" ? end.by : null,
    reason: end?.kind === "withdrawn" ? end.reason : null,
    ended_at: end?.at ?? null,
  };
}

function json(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}
