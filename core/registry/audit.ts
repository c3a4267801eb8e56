import type { RegistryDatabase } from "./database.ts";
import type { AuditTable } from "./schema.ts";

/** One line of who asked for what, and what became of it. `count`: equal ones within a moment share a line. */
export interface AuditRow {
  /** ISO 8601, of the first of them. */
  readonly at: string;
  /** The way in. */
  readonly source: string;
  /** Where it came from: an address, a channel's name for the sender. */
  readonly peer: string;
  readonly method: string;
  /** What was asked for, as a pattern: the names in it are left out. */
  readonly route: string;
  readonly host: string | null;
  readonly origin: string | null;
  readonly status: number;
  /** Why it was refused; null when it was not. */
  readonly refusal: string | null;
  /** The request that came of it; null: none. */
  readonly request: string | null;
  readonly count: number;
}

/** Lines that are kept. */
export const auditMax = 100_000;

/** Writes lines in one transaction; the oldest of too many go. Throws `RaError` (exit 6). */
export function writeAudit(database: RegistryDatabase, rows: readonly AuditRow[]): void {
  const { kysely } = database;
  database.immediate(() => {
    for (const row of rows) database.all(kysely.insertInto("audit").values(row));
    const newest = kysely.selectFrom("audit").select(({ fn }) => fn.max("seq").as("seq"));
    const last = database.all(newest)[0]?.seq ?? 0;
    database.all(kysely.deleteFrom("audit").where("seq", "<=", last - auditMax));
  });
}

/** The newest lines, newest first. */
export function readAudit(database: RegistryDatabase, limit: number): readonly AuditRow[] {
  const columns = ["at", "source", "peer", "method", "route", "host", "origin"] as const;
  const more = [
    "status",
    "refusal",
    "request",
    "count",
  ] as const satisfies readonly (keyof AuditTable)[];
  const query = database.kysely.selectFrom("audit").select([...columns, ...more]);
  return database.all(query.orderBy("seq", "desc").limit(limit));
}
