import type { RegistryDatabase } from "./database.ts";

/** The newest event that a channel has delivered; null for one that is new here. */
export function cursorOf(database: RegistryDatabase, channel: string): number | null {
  const { kysely } = database;
  const query = kysely.selectFrom("cursors").select("seq").where("channel", "=", channel);
  return database.all(query)[0]?.seq ?? null;
}

/** Notes how far a channel has come. Throws `RaError` (exit 6). */
export function moveCursor(database: RegistryDatabase, channel: string, seq: number): void {
  database.immediate(() =>
    database.all(database.kysely.replaceInto("cursors").values({ channel, seq })),
  );
}
