import type { RegistryDatabase } from "./database.ts";
import { statement } from "./statement.ts";

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

const newestSeq = statement((tables) =>
  tables.selectFrom("audit").select(({ fn }) => fn.max("seq").as("seq")),
);
const deleteUpTo = statement((tables, seq: number) =>
  tables.deleteFrom("audit").where("seq", "<=", seq),
);
const insertLine = statement(
  (
    tables,
    at: string,
    source: string,
    peer: string,
    method: string,
    route: string,
    host: string | null,
    origin: string | null,
    status: number,
    refusal: string | null,
    request: string | null,
    count: number,
  ) =>
    tables.insertInto("audit").values({
      ...{ at, source, peer, method, route, host, origin, status, refusal, request, count },
    }),
);
const newestLines = statement((tables, limit: number) =>
  tables
    .selectFrom("audit")
    .select(["at", "source", "peer", "method", "route", "host", "origin"])
    .select(["status", "refusal", "request", "count"])
    .orderBy("seq", "desc")
    .limit(limit),
);

/** Writes lines in one transaction; the oldest of too many go. Throws `RaError` (exit 6). */
export function writeAudit(database: RegistryDatabase, rows: readonly AuditRow[]): void {
  database.immediate(() => {
    for (const row of rows) {
      const { at, source, peer, method, route, host, origin, status, refusal, request } = row;
      const who = [at, source, peer, method, route, host, origin] as const;
      database.run(insertLine, ...who, status, refusal, request, row.count);
    }
    const last = database.all(newestSeq)[0]?.seq ?? 0;
    database.run(deleteUpTo, last - auditMax);
  });
}

/** The newest lines, newest first. */
export function readAudit(database: RegistryDatabase, limit: number): readonly AuditRow[] {
  return database.all(newestLines, limit);
}
