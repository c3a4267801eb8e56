import { sql } from "kysely";
import { ExitCode, RaError } from "../error.ts";
import { didYouMean } from "../nearest.ts";
import type { RegistryDatabase } from "./database.ts";
import { statement } from "./statement.ts";

const idsNewestFirst = statement((tables) =>
  tables.selectFrom("runs").select("id").orderBy("started_at", "desc"),
);
const newestId = statement((tables) =>
  tables
    .selectFrom("runs")
    .select("id")
    .orderBy("started_at", "desc")
    .orderBy("id")
    .limit(sql.lit(1)),
);

/** Ids that an error names at most. */
const namedMax = 5;

/** The id of the run a person means: `@last`, an id, or the start of one. Throws `RaError` (exit 2) on none and on several. */
export function findRun(database: RegistryDatabase, text: string): string {
  if (text === "@last") return newest(database);
  const ids = database.all(idsNewestFirst).map(({ id }) => id);
  if (ids.includes(text)) return text;
  const [found, ...others] = text === "" ? [] : ids.filter((id) => id.startsWith(text));
  if (found === undefined) throw unknown(text, ids);
  if (others.length > 0) throw ambiguous(text, [found, ...others]);
  return found;
}

function newest(database: RegistryDatabase): string {
  const [row] = database.all(newestId);
  if (row !== undefined) return row.id;
  throw usage("RUN_NONE", "there are no runs here yet", "start one with `ra dispatch PLAN`");
}

function unknown(text: string, ids: readonly string[]): RaError {
  const hint = didYouMean(text, ids, "see `ra ps --all` for the runs");
  return usage("RUN_UNKNOWN", `there is no run \`${text}\``, hint);
}

function ambiguous(text: string, ids: readonly string[]): RaError {
  const named = ids.slice(0, namedMax).map((id) => `\`${id}\``);
  const more = ids.length > namedMax ? ` and ${ids.length - namedMax} more` : "";
  return usage(
    "RUN_AMBIGUOUS",
    `${ids.length} runs start with \`${text}\`: ${named.join(", ")}${more}`,
    "write one more character of the id",
  );
}

function usage(code: string, message: string, hint?: string): RaError {
  return new RaError({ code, exitCode: ExitCode.usage, message, hint });
}
