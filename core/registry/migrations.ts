import { type Kysely, sql } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import { migrationName } from "./format.ts";
import { createGateway, createSchedules } from "./gateway-tables.ts";

/**
 * Every change of the tables, forward only, named by its number; a released one is never edited. Each sets
 * `user_version` to its number in its own transaction: a start compares that one figure and loads nothing of this.
 */
export const migrations: Readonly<Record<string, Migration>> = {
  [migrationName(1)]: { up: createTables },
  [migrationName(2)]: { up: addOwnerMachine },
  [migrationName(3)]: { up: allowHolds },
  [migrationName(4)]: { up: createCooldowns },
  [migrationName(5)]: { up: createQuestions },
  [migrationName(6)]: { up: createGateway },
  [migrationName(7)]: { up: createSchedules },
};

/** Brings the tables up to date, all or nothing. Several processes may do so at once: the others find it done. */
export async function migrate(
  kysely: Kysely<never>,
  steps: Readonly<Record<string, Migration>> = migrations,
): Promise<void> {
  await kysely.transaction().execute(async (db) => {
    const provider = { getMigrations: async () => steps };
    const { error } = await new Migrator({ db, provider }).migrateToLatest();
    if (error !== undefined) throw error;
  });
}

async function createTables(db: Kysely<unknown>): Promise<void> {
  await createEvents(db);
  await createRuns(db);
  await createTasks(db);
  await createAttempts(db);
  await createProcesses(db);
  await createClaims(db);
  await sql`pragma user_version = 1`.execute(db);
}

/** The machine and the boot that the owner of a run is on. */
async function addOwnerMachine(db: Kysely<unknown>): Promise<void> {
  for (const column of ["owner_host", "owner_boot"]) {
    await db.schema.alterTable("runs").addColumn(column, "text").execute();
  }
  await sql`pragma user_version = 2`.execute(db);
}

/** No table changes: from here on the log may hold `run.held`, `run.released` and `logs.removed`, which older folds refuse. */
async function allowHolds(db: Kysely<unknown>): Promise<void> {
  await sql`pragma user_version = 3`.execute(db);
}

const keyed = sql`strict, without rowid`;

async function createEvents(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("events")
    .addColumn("seq", "integer", (column) => column.primaryKey())
    .addColumn("at", "text", (column) => column.notNull())
    .addColumn("run", "text", (column) => column.notNull())
    .addColumn("type", "text", (column) => column.notNull())
    .addColumn("task", "text")
    .addColumn("attempt", "integer")
    .addColumn("body", "text", (column) => column.notNull())
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema.createIndex("events_of_run").on("events").columns(["run", "seq"]).execute();
}

async function createRuns(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("runs")
    .addColumn("id", "text", (column) => column.primaryKey().notNull())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("mode", "text", (column) => column.notNull())
    .addColumn("target", "text")
    .addColumn("plan_path", "text")
    .addColumn("request_id", "text")
    .addColumn("owner_pid", "integer", (column) => column.notNull())
    .addColumn("owner_ticks", "integer")
    .addColumn("started_at", "text", (column) => column.notNull())
    .addColumn("finished_at", "text")
    .addColumn("exit_code", "integer")
    .modifyEnd(keyed)
    .execute();
  await db.schema.createIndex("runs_by_start").on("runs").column("started_at").execute();
  await db.schema.createIndex("runs_by_name").on("runs").columns(["name", "started_at"]).execute();
}

/** Keyed by position, not by id: tasks run about in order, so that a transaction touches few pages. */
async function createTasks(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("tasks")
    .addColumn("run", "text", (column) => column.notNull())
    .addColumn("id", "text", (column) => column.notNull())
    .addColumn("position", "integer", (column) => column.notNull())
    .addColumn("description", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("attempts", "integer", (column) => column.notNull())
    .addColumn("waiting", "text")
    .addColumn("parked_until", "text")
    .addColumn("error", "text")
    .addColumn("because", "text")
    .addColumn("commit_id", "text")
    .addColumn("warnings", "text", (column) => column.notNull())
    .addColumn("finished_at", "text")
    .addPrimaryKeyConstraint("tasks_key", ["run", "position"])
    .modifyEnd(keyed)
    .execute();
}

async function createAttempts(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("attempts")
    .addColumn("run", "text", (column) => column.notNull())
    .addColumn("position", "integer", (column) => column.notNull())
    .addColumn("task", "text", (column) => column.notNull())
    .addColumn("number", "integer", (column) => column.notNull())
    .addColumn("runner", "text", (column) => column.notNull())
    .addColumn("model", "text")
    .addColumn("workspace", "text")
    .addColumn("started_at", "text", (column) => column.notNull())
    .addColumn("finished_at", "text")
    .addColumn("duration_ms", "integer")
    .addColumn("ended", "text")
    .addColumn("outcome", "text")
    .addColumn("usage", "text")
    .addColumn("kept", "text")
    .addColumn("landing", "text")
    .addPrimaryKeyConstraint("attempts_key", ["run", "position", "number"])
    .modifyEnd(keyed)
    .execute();
}

async function createProcesses(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("processes")
    .addColumn("run", "text", (column) => column.notNull())
    .addColumn("task", "text", (column) => column.notNull())
    .addColumn("attempt", "integer", (column) => column.notNull())
    .addColumn("pid", "integer", (column) => column.notNull())
    .addColumn("ticks", "integer")
    .addColumn("type", "text", (column) => column.notNull())
    .addColumn("description", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("touching", "text", (column) => column.notNull())
    .addColumn("request_id", "text")
    .addColumn("runner", "text", (column) => column.notNull())
    .addColumn("model", "text")
    .addColumn("workspace", "text")
    .addColumn("started_at", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("processes_key", ["run", "task", "attempt"])
    .modifyEnd(keyed)
    .execute();
}

async function createClaims(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("claims")
    .addColumn("run", "text", (column) => column.notNull())
    .addColumn("task", "text", (column) => column.notNull())
    .addColumn("glob", "text", (column) => column.notNull())
    .addColumn("live", "integer", (column) => column.notNull())
    .addPrimaryKeyConstraint("claims_key", ["run", "task", "glob"])
    .modifyEnd(keyed)
    .execute();
}

async function createCooldowns(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("cooldowns")
    .addColumn("provider", "text", (column) => column.notNull())
    .addColumn("run", "text", (column) => column.notNull())
    .addColumn("until", "text")
    .addColumn("seq", "integer", (column) => column.notNull())
    .addColumn("at", "text", (column) => column.notNull())
    .addColumn("times", "integer", (column) => column.notNull())
    .addColumn("task", "text", (column) => column.notNull())
    .addColumn("attempt", "integer", (column) => column.notNull())
    .addColumn("message", "text", (column) => column.notNull())
    .addColumn("answered_seq", "integer", (column) => column.notNull())
    .addColumn("probe_task", "text")
    .addColumn("probe_attempt", "integer")
    .addPrimaryKeyConstraint("cooldowns_key", ["provider", "run"])
    .modifyEnd(keyed)
    .execute();
  await sql`pragma user_version = 4`.execute(db);
}

/** From here on the log may hold events of questions, which older folds refuse. */
async function createQuestions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("questions")
    .addColumn("run", "text", (column) => column.notNull())
    .addColumn("gate", "text", (column) => column.notNull())
    .addColumn("task", "text", (column) => column.notNull())
    .addColumn("attempt", "integer", (column) => column.notNull())
    .addColumn("text", "text", (column) => column.notNull())
    .addColumn("options", "text", (column) => column.notNull())
    .addColumn("asked_at", "text", (column) => column.notNull())
    .addColumn("until", "text", (column) => column.notNull())
    .addColumn("answer", "text")
    .addColumn("ended_by", "text")
    .addColumn("reason", "text")
    .addColumn("ended_at", "text")
    .addPrimaryKeyConstraint("questions_key", ["run", "gate"])
    .modifyEnd(keyed)
    .execute();
  await sql`pragma user_version = 5`.execute(db);
}
