import type { RegistryDatabase } from "./database.ts";
import { newestSeq } from "./query.ts";
import { statement } from "./statement.ts";

const cursor = statement((tables, channel: string) =>
  tables.selectFrom("cursors").select("seq").where("channel", "=", channel),
);
const putCursor = statement((tables, channel: string, seq: number) =>
  tables.replaceInto("cursors").values({ channel, seq }),
);

/** The newest event that a channel has delivered; null for one that is new here. */
export function cursorOf(database: RegistryDatabase, channel: string): number | null {
  return database.all(cursor, channel)[0]?.seq ?? null;
}

/** Notes how far a channel has come. Throws `RaError` (exit 6). */
export function moveCursor(database: RegistryDatabase, channel: string, seq: number): void {
  database.immediate(() => database.run(putCursor, channel, seq));
}

/** How many events a channel has not passed yet. */
export function eventsBehind(database: RegistryDatabase, channel: string): number {
  const newest = newestSeq(database);
  return newest - (cursorOf(database, channel) ?? newest);
}
