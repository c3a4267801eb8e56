import { sql } from "kysely";
import type { RegistryDatabase } from "./database.ts";
import { statement } from "./statement.ts";

const runnersByRun = statement((tables, ids: string) =>
  tables
    .selectFrom("attempts")
    .select(["run", "runner"])
    .distinct()
    .where("run", "in", sql<string>`(select value from json_each(${ids}))`)
    .orderBy("run")
    .orderBy("runner"),
);

/** The runners that have worked on each of some runs, by name; a run that none has worked on is left out. */
export function runnersOf(
  database: RegistryDatabase,
  ids: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const rows = ids.length === 0 ? [] : database.all(runnersByRun, JSON.stringify(ids));
  const byRun = Map.groupBy(rows, ({ run }) => run);
  return new Map([...byRun].map(([run, some]) => [run, some.map(({ runner }) => runner)]));
}
