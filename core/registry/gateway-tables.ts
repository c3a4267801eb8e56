import { type Kysely, sql } from "kysely";

/** The tables of the gateway: what it was asked for, who asked, and what its channels have delivered. */
export async function createGateway(db: Kysely<unknown>): Promise<void> {
  await createRequests(db);
  await createAudit(db);
  await createCursors(db);
  await sql`pragma user_version = 6`.execute(db);
}

/** How far each schedule has come. */
export async function createSchedules(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("schedules")
    .addColumn("name", "text", (column) => column.primaryKey().notNull())
    .addColumn("spec", "text", (column) => column.notNull())
    .addColumn("through", "text", (column) => column.notNull())
    .addColumn("missed", "text")
    .modifyEnd(sql`strict, without rowid`)
    .execute();
  await sql`pragma user_version = 7`.execute(db);
}

async function createRequests(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("requests")
    .addColumn("seq", "integer", (column) => column.primaryKey())
    .addColumn("id", "text", (column) => column.notNull().unique())
    .addColumn("source", "text", (column) => column.notNull())
    .addColumn("sender", "text")
    .addColumn("key", "text")
    .addColumn("conversation", "text")
    .addColumn("batch", "text")
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("asked", "text", (column) => column.notNull())
    .addColumn("plan", "text", (column) => column.notNull())
    .addColumn("run", "text", (column) => column.notNull().unique())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("cancelled_by", "text")
    .addColumn("accepted_at", "text", (column) => column.notNull())
    .addColumn("started_at", "text")
    .addColumn("settled_at", "text")
    .addColumn("exit_code", "integer")
    .addColumn("reason", "text")
    .addColumn("driver", "text")
    .modifyEnd(sql`strict`)
    .execute();
  // Rows without a key are all different to SQLite, which is what is wanted of them.
  await db.schema
    .createIndex("requests_by_key")
    .unique()
    .on("requests")
    .columns(["source", "key"])
    .execute();
  await db.schema
    .createIndex("requests_by_status")
    .on("requests")
    .columns(["status", "seq"])
    .execute();
  await db.schema.createIndex("requests_by_batch").on("requests").column("batch").execute();
}

async function createCursors(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("cursors")
    .addColumn("channel", "text", (column) => column.primaryKey().notNull())
    .addColumn("seq", "integer", (column) => column.notNull())
    .modifyEnd(sql`strict, without rowid`)
    .execute();
}

async function createAudit(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("audit")
    .addColumn("seq", "integer", (column) => column.primaryKey())
    .addColumn("at", "text", (column) => column.notNull())
    .addColumn("source", "text", (column) => column.notNull())
    .addColumn("peer", "text", (column) => column.notNull())
    .addColumn("method", "text", (column) => column.notNull())
    .addColumn("route", "text", (column) => column.notNull())
    .addColumn("host", "text")
    .addColumn("origin", "text")
    .addColumn("status", "integer", (column) => column.notNull())
    .addColumn("refusal", "text")
    .addColumn("request", "text")
    .addColumn("count", "integer", (column) => column.notNull())
    .modifyEnd(sql`strict`)
    .execute();
}
