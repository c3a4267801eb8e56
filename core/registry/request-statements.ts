import { sql } from "kysely";
import { statement } from "./statement.ts";

/* The statements of `requests.ts`. */

const settledStatuses = ["fulfilled", "rejected", "cancelled"] as const;

export const byId = statement((tables, id: string) =>
  tables.selectFrom("requests").selectAll().where("id", "=", id),
);
export const byKey = statement((tables, source: string, key: string) =>
  tables.selectFrom("requests").selectAll().where("source", "=", source).where("key", "=", key),
);
export const byRun = statement((tables, run: string) =>
  tables.selectFrom("requests").select("id").where("run", "=", run),
);
export const byBatch = statement((tables, batch: string) =>
  tables.selectFrom("requests").selectAll().where("batch", "=", batch).orderBy("seq"),
);
export const openInOrder = statement((tables) =>
  tables
    .selectFrom("requests")
    .selectAll()
    .where("status", "in", ["queued", "running"])
    .orderBy("seq"),
);
export const newestFirst = statement((tables, limit: number) =>
  tables.selectFrom("requests").selectAll().orderBy("seq", "desc").limit(limit),
);
export const countByStatus = statement((tables) =>
  tables
    .selectFrom("requests")
    .select(["status", ({ fn }) => fn.countAll<number>().as("count")])
    .groupBy("status"),
);
export const runById = statement((tables, run: string) =>
  tables.selectFrom("runs").select("request_id").where("id", "=", run),
);
export const insertRequest = statement(
  (
    tables,
    source: string,
    sender: string | null,
    key: string | null,
    conversation: string | null,
    batch: string | null,
    name: string,
    asked: string,
    plan: string,
    id: string,
    run: string,
    accepted_at: string,
  ) =>
    tables
      .insertInto("requests")
      .values({
        ...{ source, sender, key, conversation, batch, name, asked, plan, id, run, accepted_at },
        ...{ status: "queued", cancelled_by: null, started_at: null, settled_at: null },
        ...{ exit_code: null, reason: null, driver: null },
      })
      .returningAll(),
);
export const updateRequest = statement(
  (
    tables,
    run: string,
    status: string,
    cancelled_by: string | null,
    started_at: string | null,
    settled_at: string | null,
    exit_code: number | null,
    reason: string | null,
    driver: string | null,
    id: string,
  ) =>
    tables
      .updateTable("requests")
      .set({ run, status, cancelled_by, started_at, settled_at, exit_code, reason, driver })
      .where("id", "=", id),
);
export const newestSettled = statement((tables, offset: number) =>
  tables
    .selectFrom("requests")
    .select("seq")
    .where("status", "in", settledStatuses)
    .orderBy("seq", "desc")
    .limit(sql.lit(1))
    .offset(offset),
);
export const deleteSettledBefore = statement((tables, seq: number) =>
  tables.deleteFrom("requests").where("seq", "<", seq).where("status", "in", settledStatuses),
);
