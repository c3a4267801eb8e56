import type { Event } from "../run/event.ts";
import type { RegistryDatabase } from "./database.ts";
import { eventOf } from "./rows.ts";

/** Events with a greater `seq`, oldest first: of one run, or of all when `run` is null. */
export function eventsAfter(
  database: RegistryDatabase,
  after: number,
  { run, limit }: { readonly run: string | null; readonly limit: number },
): Event[] {
  const all = database.kysely
    .selectFrom("events")
    .select(["seq", "at", "run", "body"])
    .where("seq", ">", after);
  const query = run === null ? all : all.where("run", "=", run);
  return database.all(query.orderBy("seq").limit(limit)).map(eventOf);
}
