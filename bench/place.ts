import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The program that is measured. Needs `npm run build`. */
export const ra: string = join(import.meta.dir, "..", "dist", "ra");

/** A directory of its own for one measurement, with an environment that keeps `ra` inside it. */
export interface Place extends Disposable {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** Writes a file and gives its path. */
  write(name: string, text: string): string;
  /** Removes registry, logs and reports of earlier runs. */
  forget(): void;
}

/** Makes a place; it goes with all it holds when it is disposed of. */
export function makePlace(): Place {
  const top = mkdtempSync(join(tmpdir(), "ra-bench-"));
  const directory = join(top, "project");
  runQuietly(["mkdir", directory], top);
  return {
    directory,
    env: { HOME: top, XDG_CONFIG_HOME: top, XDG_STATE_HOME: top, RA_WORKSPACES: join(top, "work") },
    write(name, text) {
      const path = join(top, name);
      writeFileSync(path, text);
      return path;
    },
    forget: () => rmSync(join(directory, ".ra"), { recursive: true, force: true }),
    [Symbol.dispose]: () => rmSync(top, { recursive: true, force: true }),
  };
}

/** Makes the place's directory a git repository with one commit. */
export function makeRepository({ directory }: Place): void {
  const git = (...args: string[]): void => runQuietly(["git", ...args], directory);
  git("init", "--quiet", "--initial-branch=main");
  git("config", "user.name", "Ada Lovelace");
  git("config", "user.email", "ada@example.org");
  git("commit", "--quiet", "--allow-empty", "--message", "start");
}

/** Runs a program to its end in a directory. Throws with what it said when it fails. */
export function runQuietly(
  argv: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): void {
  const done = Bun.spawnSync([...argv], { cwd, env: { ...process.env, ...env }, stdin: "ignore" });
  if (done.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${done.stderr.toString()}`);
}

/** A task as a plan has it. */
export interface PlannedTask {
  readonly id: string;
  readonly run: string;
  readonly deps?: readonly string[];
}

const defaults = { isolation: "none" };

/** A plan that runs through, without git, as JSON. */
export function jsonPlan(tasks: readonly PlannedTask[], concurrency: number): string {
  return JSON.stringify({ version: 1, mode: "auto", concurrency, defaults, tasks });
}

/** The same plan as a person would write it in YAML. */
export function yamlPlan(tasks: readonly PlannedTask[], concurrency: number): string {
  const lines = ["version: 1", "mode: auto", `concurrency: ${concurrency}`, "defaults:"];
  lines.push(`  isolation: ${defaults.isolation}`, "tasks:");
  for (const { id, run, deps } of tasks) {
    lines.push(`  - id: ${id}`, `    run: ${run}`);
    if (deps) lines.push(`    deps: [${deps.join(", ")}]`);
  }
  return `${lines.join("\n")}\n`;
}

/** Tasks without dependencies that all run one command. */
export function wide(count: number, run = "/bin/true"): PlannedTask[] {
  return Array.from({ length: count }, (_, at) => ({ id: `t${at}`, run }));
}

/** Throws unless the log holds every fact of one run of so many tasks that were all done at the first attempt. */
export function checkFacts(directory: string, tasks: number): void {
  const database = new Database(join(directory, ".ra", "registry.db"), { readonly: true });
  try {
    for (const type of ["attempt.started", "process.spawned", "attempt.finished"])
      demand(count(database, "select count(*) n from events where type = ?", type), tasks, type);
    const done = "select count(*) n from events where type = ? and body->>'status' = 'done'";
    demand(count(database, done, "task.finished"), tasks, "task.finished");
    const newest = "select max(seq) n from events where ? <> ''";
    demand(count(database, newest, "-"), 4 * tasks + 2, "newest seq");
  } finally {
    database.close();
  }
}

function count(database: Database, sql: string, value: string): number {
  return database.query<{ n: number }, [string]>(sql).get(value)?.n ?? 0;
}

function demand(found: number, wanted: number, what: string): void {
  if (found !== wanted) throw new Error(`${what}: ${found} instead of ${wanted}`);
}
