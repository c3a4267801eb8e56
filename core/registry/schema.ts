import type { Generated } from "kysely";

type Text = string;

/** JSON kept as text. */
type Json = string;

/** The log: one row an event. The tables of runs are derived from it and may be rebuilt. */
export interface EventsTable {
  readonly seq: number;
  readonly at: Text;
  readonly run: Text;
  readonly type: Text;
  readonly task: Text | null;
  readonly attempt: number | null;
  /** The fact as it was committed. */
  readonly body: Json;
}

export interface RunsTable {
  readonly id: Text;
  readonly name: Text;
  readonly status: Text;
  readonly mode: Text;
  readonly target: Text | null;
  readonly plan_path: Text | null;
  readonly request_id: Text | null;
  readonly owner_pid: number;
  readonly owner_ticks: number | null;
  readonly owner_host: Text | null;
  readonly owner_boot: Text | null;
  readonly started_at: Text;
  readonly finished_at: Text | null;
  readonly exit_code: number | null;
}

export interface TasksTable {
  readonly run: Text;
  readonly id: Text;
  readonly position: number;
  readonly description: Text;
  readonly status: Text;
  readonly attempts: number;
  readonly waiting: Json | null;
  readonly parked_until: Text | null;
  readonly error: Json | null;
  readonly because: Text | null;
  readonly commit_id: Text | null;
  readonly warnings: Json;
  readonly finished_at: Text | null;
}

export interface AttemptsTable {
  readonly run: Text;
  /** The task's place in the plan. */
  readonly position: number;
  readonly task: Text;
  readonly number: number;
  readonly runner: Text;
  readonly model: Text | null;
  readonly workspace: Text | null;
  readonly started_at: Text;
  readonly finished_at: Text | null;
  readonly duration_ms: number | null;
  /** The kind of the outcome, for queries; null while the attempt is open. */
  readonly ended: Text | null;
  readonly outcome: Json | null;
  readonly usage: Json | null;
  readonly kept: Text | null;
  readonly landing: Json | null;
}

/** Live attempts that have a process. */
export interface ProcessesTable {
  readonly run: Text;
  readonly task: Text;
  readonly attempt: number;
  readonly pid: number;
  readonly ticks: number | null;
  readonly type: Text;
  readonly description: Text;
  readonly status: Text;
  readonly touching: Json;
  readonly request_id: Text | null;
  readonly runner: Text;
  readonly model: Text | null;
  readonly workspace: Text | null;
  readonly started_at: Text;
}

/** Paths that a run holds. `live` is 1 while an attempt runs, 0 until its result reaches the target. */
export interface ClaimsTable {
  readonly run: Text;
  readonly task: Text;
  readonly glob: Text;
  readonly live: number;
}

/** What a run knows of a provider that refused; the fields of the refusal count only while `until` is not null. */
export interface CooldownsTable {
  readonly provider: Text;
  readonly run: Text;
  readonly until: Text | null;
  readonly seq: number;
  readonly at: Text;
  readonly times: number;
  readonly task: Text;
  readonly attempt: number;
  readonly message: Text;
  /** `seq` of the last fact that the provider answers again; 0: none. */
  readonly answered_seq: number;
  readonly probe_task: Text | null;
  readonly probe_attempt: number | null;
}

/** What agents asked. `answer` and `ended_by` are of an answer, `reason` of a withdrawal; while it is open all are null. */
export interface QuestionsTable {
  readonly run: Text;
  readonly gate: Text;
  readonly task: Text;
  readonly attempt: number;
  readonly text: Text;
  readonly options: Json;
  readonly asked_at: Text;
  readonly until: Text;
  readonly answer: Text | null;
  readonly ended_by: Text | null;
  readonly reason: Text | null;
  readonly ended_at: Text | null;
}

/** What the gateway was asked for. Not derived: a request may wait long before its run has a first event. */
export interface RequestsTable {
  readonly seq: Generated<number>;
  readonly id: Text;
  readonly source: Text;
  readonly sender: Text | null;
  readonly key: Text | null;
  readonly conversation: Text | null;
  readonly batch: Text | null;
  readonly name: Text;
  readonly asked: Json;
  readonly plan: Text;
  readonly run: Text;
  readonly status: Text;
  readonly cancelled_by: Text | null;
  readonly accepted_at: Text;
  readonly started_at: Text | null;
  readonly settled_at: Text | null;
  readonly exit_code: number | null;
  readonly reason: Text | null;
  /** The process that drives it, a `RunOwner`; null before there is one. */
  readonly driver: Json | null;
}

/** Who knocked at the gateway, and what became of it. Equal ones within a moment share a row. */
export interface AuditTable {
  readonly seq: Generated<number>;
  readonly at: Text;
  readonly source: Text;
  readonly peer: Text;
  readonly method: Text;
  readonly route: Text;
  readonly host: Text | null;
  readonly origin: Text | null;
  /** The HTTP status it was answered with, or what stands for it elsewhere. */
  readonly status: number;
  /** Why it was refused; null when it was not. */
  readonly refusal: Text | null;
  /** The request that came of it; null: none. */
  readonly request: Text | null;
  readonly count: number;
}

/** The newest event that a channel has delivered. */
export interface CursorsTable {
  readonly channel: Text;
  readonly seq: number;
}

export interface SchedulesTable {
  readonly name: Text;
  readonly spec: Text;
  readonly through: Text;
  readonly missed: Json | null;
}

/** Every table of the registry, as Kysely knows them. */
export interface Tables {
  readonly events: EventsTable;
  readonly runs: RunsTable;
  readonly tasks: TasksTable;
  readonly attempts: AttemptsTable;
  readonly processes: ProcessesTable;
  readonly claims: ClaimsTable;
  readonly cooldowns: CooldownsTable;
  readonly questions: QuestionsTable;
  readonly requests: RequestsTable;
  readonly audit: AuditTable;
  readonly cursors: CursorsTable;
  readonly schedules: SchedulesTable;
}

/** The tables that are derived from the log. */
export type DerivedTable = Exclude<
  keyof Tables,
  "events" | "requests" | "audit" | "cursors" | "schedules"
>;

/** Names of the derived tables. */
export const derivedTables: readonly DerivedTable[] = [
  "runs",
  "tasks",
  "attempts",
  "processes",
  "claims",
  "cooldowns",
  "questions",
];
