import type { Event } from "../run/event.ts";
import type { RegistryDatabase } from "./database.ts";
import { eventOf } from "./rows.ts";
import { statement } from "./statement.ts";

const eventsOfAll = statement((tables, after: number, limit: number) =>
  tables
    .selectFrom("events")
    .select(["seq", "at", "run", "body"])
    .where("seq", ">", after)
    .orderBy("seq")
    .limit(limit),
);
const eventsOfOne = statement((tables, after: number, run: string, limit: number) =>
  tables
    .selectFrom("events")
    .select(["seq", "at", "run", "body"])
    .where("seq", ">", after)
    .where("run", "=", run)
    .orderBy("seq")
    .limit(limit),
);

/** Events with a greater `seq`, oldest first: of one run, or of all when `run` is null. */
export function eventsAfter(
  database: RegistryDatabase,
  after: number,
  { run, limit }: { readonly run: string | null; readonly limit: number },
): Event[] {
  const rows =
    run === null
      ? database.all(eventsOfAll, after, limit)
      : database.all(eventsOfOne, after, run, limit);
  return rows.map(eventOf);
}
