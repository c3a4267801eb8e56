import { type AuditRow, writeAudit } from "./audit.ts";
import type { RegistryDatabase } from "./database.ts";
import { statement } from "./statement.ts";

/** An event that a receiver refused for good. */
export interface RefusedEvent {
  /** ISO 8601. */
  readonly at: string;
  /** The channel it was refused to. */
  readonly channel: string;
  readonly seq: number;
  readonly type: string;
  /** What the receiver answered. */
  readonly status: number;
  /** `aside`: delivery has gone on without it; `gone`: it waits, and so does whatever comes behind it. */
  readonly end: RefusalEnd;
}

export type RefusalEnd = "aside" | "gone";

/** What becomes of the event, as it stands in the table `audit`. */
const codes = { aside: "PUT_ASIDE", gone: "GONE" } as const;

const newestRefused = statement((tables, limit: number) =>
  tables
    .selectFrom("audit")
    .select(["at", "source", "peer", "route", "status", "refusal"])
    .where("method", "=", "deliver")
    .where("refusal", "in", Object.values(codes))
    .orderBy("seq", "desc")
    .limit(limit),
);

/** Notes it for people. It is on the disk when this returns. Throws `RaError` (exit 6). */
export function noteRefusedEvent(database: RegistryDatabase, refused: RefusedEvent): void {
  const { at, channel, seq, type, status, end } = refused;
  const row: AuditRow = {
    ...{ at, source: channel, peer: `event ${seq}`, method: "deliver", route: type },
    ...{ host: null, origin: null, status, refusal: codes[end], request: null, count: 1 },
  };
  writeAudit(database, [row]);
}

/** The newest of them, newest first. */
export function refusedEvents(database: RegistryDatabase, limit: number): readonly RefusedEvent[] {
  return database.all(newestRefused, limit).map((row) => ({
    ...{ at: row.at, channel: row.source, type: row.route, status: row.status },
    seq: Number(row.peer.replace(/^event /, "")),
    end: row.refusal === codes.gone ? "gone" : "aside",
  }));
}
