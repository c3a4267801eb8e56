import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { type Diagnosis, problem, well } from "../diagnosis.ts";
import { RaError } from "../error.ts";
import { applyEvent, type RunState } from "../run/state.ts";
import { registryPath } from "./database.ts";
import { registryFormat } from "./format.ts";
import { eventOf } from "./rows.ts";
import type { EventsTable } from "./schema.ts";
import { registryTrouble } from "./trouble.ts";

/** What is wrong with a registry, if anything. `readable`: whether this `ra` can go on to read it. */
export interface Checkup {
  readonly readable: boolean;
  /** True: `salvageRegistry` may mend it. */
  readonly damaged: boolean;
  readonly diagnosis: Diagnosis;
}

/**
 * Looks at the registry of a state directory without changing anything in it: its format is older, newer or damaged
 * as it is. Null where there is none.
 */
export function checkRegistry(stateDir: string): Checkup | null {
  const path = registryPath(stateDir);
  if (!existsSync(path)) return null;
  const check = "registry";
  try {
    using database = new Database(path, { readwrite: true, create: false, strict: true });
    database.run("pragma busy_timeout = 2000");
    const format = numberOf(database, "pragma user_version");
    if (format > registryFormat) {
      const found = `\`${path}\` has format ${format}, and this \`ra\` reads up to ${registryFormat}`;
      return bad(problem(check, found, "update `ra` to the version that wrote it"));
    }
    const said = textsOf(database, "pragma integrity_check(5)");
    const senseless = said.length === 1 && said[0] === "ok" ? senselessEvent(database) : null;
    if (senseless !== null) {
      return bad(problem(check, `\`${path}\` is damaged: ${senseless}`, mendCommand), true);
    }
    if (said.length === 1 && said[0] === "ok") {
      return { readable: true, damaged: false, diagnosis: well(check, `format ${format}, intact`) };
    }
    const found = `\`${path}\` is damaged: ${said.join("; ").replace(/\s+/g, " ")}`;
    return bad(problem(check, found, mendCommand), true);
  } catch (cause) {
    const trouble = registryTrouble(cause, path);
    if (!(trouble instanceof RaError)) throw trouble;
    const isDamaged = trouble.code === "REGISTRY_DAMAGED";
    const fix = isDamaged ? mendCommand : (trouble.hint ?? null);
    return bad(problem(check, trouble.message, fix), isDamaged);
  }
}

/** Results stay in git, so a registry that cannot be read costs the history of runs and nothing else. */
const mendCommand = "ra doctor --mend";

function bad(diagnosis: Diagnosis, damaged = false): Checkup {
  return { readable: false, damaged, diagnosis };
}

/** Bytes may change within a text without SQLite noticing: looks for a run whose events make no sense. Null: none. */
function senselessEvent(database: Database): string | null {
  if (numberOf(database, "pragma user_version") === 0) return null;
  const states = new Map<string, RunState>();
  const rows = database.query<Row, []>("select seq, at, run, body from events order by seq");
  for (const row of rows.iterate()) {
    try {
      states.set(row.run, applyEvent(states.get(row.run), eventOf(row)));
    } catch {
      return `event ${row.seq} of run \`${row.run}\` makes no sense`;
    }
  }
  const derived = textsOf(
    database,
    "select run from processes where not json_valid(touching) union " +
      "select run from tasks where waiting is not null and not json_valid(waiting)",
  );
  return derived.length === 0 ? null : `a table of run \`${derived[0]}\` makes no sense`;
}

type Row = Pick<EventsTable, "seq" | "at" | "run" | "body">;

function numberOf(database: Database, sql: string): number {
  return Number(
    Object.values(database.query<Record<string, unknown>, []>(sql).get() ?? {})[0] ?? 0,
  );
}

function textsOf(database: Database, sql: string): string[] {
  const rows = database.query<Record<string, unknown>, []>(sql).all();
  return rows.map((row) => String(Object.values(row)[0]));
}
