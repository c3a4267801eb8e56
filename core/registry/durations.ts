import { sql } from "kysely";
import type { RegistryDatabase } from "./database.ts";
import { statement } from "./statement.ts";

/** Runs of one plan that are looked at for its durations: enough for five good attempts, and bounded. */
const durationRunsMax = 20;
const durationAttemptsMax = 5;

const idsOfPlan = statement((tables, name: string) =>
  tables
    .selectFrom("runs")
    .select("id")
    .where("name", "=", name)
    .orderBy("started_at", "desc")
    .limit(sql.lit(durationRunsMax)),
);
const goodAttempts = statement((tables, run: string) =>
  tables
    .selectFrom("attempts")
    .select(["task", "number", "started_at", "duration_ms"])
    .where("run", "=", run)
    .where("ended", "in", ["succeeded", "unchanged"])
    .where("duration_ms", "is not", null),
);

/** Mean time in milliseconds of the last five good attempts of each task, over the newest runs of a plan's name. */
export function durations(database: RegistryDatabase, planName: string): Map<string, number> {
  const rows = database
    .all(idsOfPlan, planName)
    .flatMap(({ id }) => database.all(goodAttempts, id))
    .sort((a, b) =>
      a.started_at === b.started_at ? b.number - a.number : a.started_at < b.started_at ? 1 : -1,
    );
  const found = new Map<string, number[]>();
  for (const { task, duration_ms } of rows) {
    const times = found.get(task) ?? [];
    if (times.length === 0) found.set(task, times);
    if (times.length < durationAttemptsMax && duration_ms !== null) times.push(duration_ms);
  }
  return new Map([...found].map(([task, times]) => [task, mean(times)]));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
