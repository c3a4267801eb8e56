import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { type Diagnosis, problem, well } from "../diagnosis.ts";
import { RaError } from "../error.ts";
import { registryPath } from "./database.ts";
import { registryFormat } from "./format.ts";
import { registryTrouble } from "./trouble.ts";

/** What is wrong with a registry, if anything. `readable`: whether this `ra` can go on to read it. */
export interface Checkup {
  readonly readable: boolean;
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
    if (said.length === 1 && said[0] === "ok") {
      return { readable: true, diagnosis: well(check, `format ${format}, intact`) };
    }
    const found = `\`${path}\` is damaged: ${said.join("; ").replace(/\s+/g, " ")}`;
    return bad(problem(check, found, aside(path)));
  } catch (cause) {
    const trouble = registryTrouble(cause, path);
    if (!(trouble instanceof RaError)) throw trouble;
    const fix = trouble.code === "REGISTRY_DAMAGED" ? aside(path) : (trouble.hint ?? null);
    return bad(problem(check, trouble.message, fix));
  }
}

/** Results stay in git, so a registry that cannot be read costs the history of runs and nothing else. */
function aside(path: string): string {
  return `mv '${path}' '${path}.damaged'`;
}

function bad(diagnosis: Diagnosis): Checkup {
  return { readable: false, diagnosis };
}

function numberOf(database: Database, sql: string): number {
  return Number(
    Object.values(database.query<Record<string, unknown>, []>(sql).get() ?? {})[0] ?? 0,
  );
}

function textsOf(database: Database, sql: string): string[] {
  const rows = database.query<Record<string, unknown>, []>(sql).all();
  return rows.map((row) => String(Object.values(row)[0]));
}
