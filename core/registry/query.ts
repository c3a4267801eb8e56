import { sql } from "kysely";
import { type AttemptName, processId } from "../id.ts";
import type { WaitReason } from "../run/event.ts";
import type { LiveProcess, LiveStatus, TaskStatus } from "../run/model.ts";
import { answerCommand } from "../run/question.ts";
import type { RunState } from "../run/state.ts";
import type { RegistryDatabase } from "./database.ts";
import { openQuestions, type PlacedQuestion } from "./questions.ts";
import { ownerColumns, ownerOf } from "./rows.ts";
import type { RunsTable } from "./schema.ts";
import { statement } from "./statement.ts";
import { parsed } from "./trouble.ts";

/** A run in a list. */
export interface RunSummary {
  readonly id: string;
  readonly name: string;
  readonly status: RunState["status"];
  /** False: it has not finished, and the `ra` that drove it is gone; it can be resumed. True when it has finished. */
  readonly driven: boolean;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly exitCode: number | null;
  readonly planPath: string | null;
  readonly target: string | null;
  /** How many tasks have each status; a status that no task has is left out. */
  readonly tasks: Readonly<Partial<Record<TaskStatus, number>>>;
}

/** A task that has come to its end. */
export interface EndedTask {
  readonly run: string;
  readonly task: string;
  readonly description: string;
  readonly status: TaskStatus;
  readonly finishedAt: string;
}

/** Live processes with the owners of their runs. */
export const processesByStart = statement((tables) =>
  tables
    .selectFrom("processes")
    .innerJoin("runs", "runs.id", "processes.run")
    .selectAll("processes")
    .select(ownerColumns)
    .orderBy("processes.started_at")
    .orderBy("run")
    .orderBy("task"),
);

/** Attempts that have a process, in the order in which they started. Those that died unseen are left out. */
export function liveProcesses(database: RegistryDatabase): LiveProcess[] {
  const rows = database.all(processesByStart);
  const { living } = database;
  const attended = rows.filter(
    (row) =>
      living.isAttended(ownerOf(row)) || living.isAlive({ pid: row.pid, startTicks: row.ticks }),
  );
  const needsPerson = attended.some(({ status }) => status === "needs-you");
  const asked = Map.groupBy(needsPerson ? openQuestions(database) : [], nameOf);
  return attended.map((row) => ({
    id: nameOf(row),
    type: row.type as LiveProcess["type"],
    task: row.description,
    status: row.status as LiveStatus,
    touching: parsed(database.path, row.touching),
    run: row.run,
    taskId: row.task,
    requestId: row.request_id,
    runner: row.runner,
    model: row.model,
    pid: row.pid,
    workspace: row.workspace,
    startedAt: row.started_at,
    ...questionsOf(asked.get(nameOf(row))),
  }));
}

function nameOf({ run, task, attempt }: AttemptName): string {
  return processId(run, task, attempt);
}

function questionsOf(
  asked: readonly PlacedQuestion[] | undefined,
): Pick<LiveProcess, "questions"> | null {
  if (asked === undefined) return null;
  const questions = asked.map(({ gate, text, options, askedAt: since, until }) => {
    return { gate, text, options, since, until, command: answerCommand({ gate, options }) };
  });
  return { questions };
}

const newestRuns = statement((tables, limit: number) =>
  tables.selectFrom("runs").selectAll().orderBy("started_at", "desc").orderBy("id").limit(limit),
);

/** The runs behind one in the same order. Its first condition is a range of the index, its second cuts into the moment of that one. */
const runsBehind = statement((tables, id: string, limit: number) =>
  tables
    .selectFrom("runs")
    .innerJoin("runs as last", (join) => join.onRef("runs.started_at", "<=", "last.started_at"))
    .selectAll("runs")
    .where("last.id", "=", id)
    .where(({ or, eb, ref }) =>
      or([eb("runs.started_at", "<", ref("last.started_at")), eb("runs.id", ">", ref("last.id"))]),
    )
    .orderBy("runs.started_at", "desc")
    .orderBy("runs.id")
    .limit(limit),
);

/** The newest runs, newest first. `open`: of these only the ones that have not finished. `before`: of those behind this run. */
export function runs(
  database: RegistryDatabase,
  {
    limit,
    open = false,
    before,
  }: { readonly limit: number; readonly open?: boolean; readonly before?: string },
): RunSummary[] {
  const rows =
    before === undefined
      ? database.all(newestRuns, limit)
      : database.all(runsBehind, before, limit);
  return summarize(database, open ? rows.filter((row) => row.finished_at === null) : rows);
}

/** So many of the newest runs are looked at for those that a dead `ra` has left. */
const lastOwnersMax = 20;

const lastOwners = statement((tables) =>
  tables
    .selectFrom("runs")
    .select(["id", "finished_at", ...ownerColumns])
    .orderBy("started_at", "desc")
    .limit(sql.lit(lastOwnersMax)),
);

/** Ids of those among the newest runs whose `ra` is gone, newest first: `ended` ones, or those that have broken off. */
export function unattendedRuns(
  database: RegistryDatabase,
  { ended }: { readonly ended: boolean },
): string[] {
  return database
    .all(lastOwners)
    .filter((row) => (row.finished_at !== null) === ended)
    .filter((row) => !database.living.isAttended(ownerOf(row)))
    .map(({ id }) => id);
}

const endedIds = statement((tables) =>
  tables
    .selectFrom("runs")
    .select("id")
    .where("finished_at", "is not", null)
    .orderBy("finished_at")
    .orderBy("id"),
);
const idsByStart = statement((tables) =>
  tables.selectFrom("runs").select("id").orderBy("started_at").orderBy("id"),
);

/** Ids of the runs that have ended, the one that ended first before the others. */
export function endedRuns(database: RegistryDatabase): string[] {
  return database.all(endedIds).map(({ id }) => id);
}

/** Ids of all runs, in the order in which they started. */
export function allRuns(database: RegistryDatabase): string[] {
  return database.all(idsByStart).map(({ id }) => id);
}

const newestEvent = statement((tables) =>
  tables.selectFrom("events").select(({ fn }) => fn.max("seq").as("seq")),
);

/** The `seq` of the newest event; 0 while the log is empty. */
export function newestSeq(database: RegistryDatabase): number {
  return database.all(newestEvent)[0]?.seq ?? 0;
}

/** How far back in the log `endedTasks` looks, in events. */
const endedEventsMax = 2_000;

const lastEnded = statement((tables, limit: number) =>
  tables
    .selectFrom(
      tables
        .selectFrom("events")
        .select(["seq", "run", "type", "task"])
        .orderBy("seq", "desc")
        .limit(sql.lit(endedEventsMax))
        .as("recent"),
    )
    .innerJoin("tasks", (join) =>
      join.onRef("tasks.run", "=", "recent.run").onRef("tasks.id", "=", "recent.task"),
    )
    .select(["tasks.run", "tasks.id as task", "description", "status", "finished_at"])
    .where("type", "=", "task.finished")
    .where("status", "!=", "skipped")
    .where("finished_at", "is not", null)
    .orderBy("seq", "desc")
    .limit(limit),
);

/** The last tasks that ended in any run, newest first; skipped ones never began and are left out. */
export function endedTasks(
  database: RegistryDatabase,
  { limit }: { readonly limit: number },
): EndedTask[] {
  const rows = database.all(lastEnded, limit);
  return rows.map(({ run, task, description, status, finished_at }) => ({
    run,
    task,
    description,
    status: status as TaskStatus,
    finishedAt: finished_at as string,
  }));
}

function summarize(database: RegistryDatabase, rows: readonly RunsTable[]): RunSummary[] {
  const ids = rows.map(({ id }) => id);
  const counts = countTasks(database, ids);
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    status: row.status as RunSummary["status"],
    driven: row.finished_at !== null || database.living.isAttended(ownerOf(row)),
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    exitCode: row.exit_code,
    planPath: row.plan_path,
    target: row.target,
    tasks: counts.get(row.id) ?? {},
  }));
}

/** The ids that a list in JSON names. */
const idsIn = (list: string) => sql<{ value: string }>`json_each(${list})`.as("ids");

const countsByStatus = statement((tables, ids: string) =>
  tables
    .selectFrom("tasks")
    .select(["run", "status", ({ fn }) => fn.countAll<number>().as("count")])
    .where("run", "in", tables.selectFrom(idsIn(ids)).select("ids.value"))
    .groupBy(["run", "status"]),
);

function countTasks(
  database: RegistryDatabase,
  ids: readonly string[],
): Map<string, Partial<Record<TaskStatus, number>>> {
  const counts = new Map(ids.map((id) => [id, {} as Partial<Record<TaskStatus, number>>]));
  if (ids.length === 0) return counts;
  const rows = database.all(countsByStatus, JSON.stringify(ids));
  for (const { run, status, count } of rows) {
    const ofRun = counts.get(run);
    if (ofRun) ofRun[status as TaskStatus] = count;
  }
  return counts;
}

/** A task of a run under way that does not run: it waits for a claim, a cap or a time. */
export interface WaitingTask {
  readonly run: string;
  readonly task: string;
  readonly description: string;
  readonly status: "waiting" | "parked";
  readonly reason: WaitReason | null;
  readonly parkedUntil: string | null;
}

const waitingByPosition = statement((tables, ids: string) =>
  tables
    .selectFrom("tasks")
    .select(["run", "id", "description", "status", "waiting", "parked_until"])
    .where("run", "in", tables.selectFrom(idsIn(ids)).select("ids.value"))
    .where("status", "in", ["waiting", "parked"])
    .orderBy("run")
    .orderBy("position"),
);

/** The tasks of some runs that wait, in the order of their plans. */
export function waitingTasks(database: RegistryDatabase, ids: readonly string[]): WaitingTask[] {
  if (ids.length === 0) return [];
  const rows = database.all(waitingByPosition, JSON.stringify(ids));
  return rows.map((row) => ({
    run: row.run,
    task: row.id,
    description: row.description,
    status: row.status as WaitingTask["status"],
    reason: row.waiting === null ? null : parsed(database.path, row.waiting),
    parkedUntil: row.parked_until,
  }));
}
