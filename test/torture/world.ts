import { Database } from "bun:sqlite";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Registry } from "../../core/registry/registry.ts";
import { raBinary } from "../support/binary.ts";
import { referencePlan } from "./reference-plan.ts";

/** What the user has in the checkout and never commits. */
export const usersFiles: Readonly<Record<string, string>> = {
  "notes.md": "half a thought\n",
  "untracked.txt": "of the user\n",
};

/** A user with a repository in which the reference run is killed. */
export interface World {
  readonly top: string;
  readonly project: string;
  readonly registry: string;
  readonly workspaces: string;
  readonly env: Readonly<Record<string, string>>;
  /** Plain git in the project; null when it fails. */
  git(...args: readonly string[]): string | null;
  /** Starts the binary in the project. */
  ra(...args: readonly string[]): Promise<RaChild>;
  /** Processes that were started from this world and live, by pid. */
  living(): ReadonlyMap<number, string>;
}

/** The binary while it runs. */
export interface RaChild {
  readonly pid: number;
  /** Null when a signal ended it. */
  readonly ended: Promise<number | null>;
  readonly said: () => Promise<string>;
  kill(): void;
}

/** Makes a world below `top`, with an empty registry. */
export async function makeWorld(top: string): Promise<World> {
  const world = worldAt(top);
  for (const name of ["project", "home", "live"]) mkdirSync(join(top, name), { recursive: true });
  const must = (...args: string[]): void => {
    if (world.git(...args) === null) throw new Error(`git ${args.join(" ")} failed`);
  };
  must("init", "--quiet", "--initial-branch=main");
  must("config", "user.name", "Ada Lovelace");
  must("config", "user.email", "ada@example.com");
  write(world.project, { "README.md": "start\n", "notes.md": "start\n", "shared.txt": "start\n" });
  must("add", "--all");
  must("commit", "--quiet", "--message", "start");
  write(world.project, usersFiles);
  writeFileSync(join(top, "plan.json"), JSON.stringify(referencePlan(top)));
  const registry = await Registry.open({ stateDir: join(world.project, ".git", "ra") });
  await registry.close();
  return world;
}

function write(dir: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) writeFileSync(join(dir, path), text);
}

function worldAt(top: string): World {
  const project = join(top, "project");
  const home = join(top, "home");
  const env = {
    PATH: process.env.PATH ?? "",
    HOME: home,
    XDG_STATE_HOME: join(home, "state"),
    XDG_CONFIG_HOME: join(home, "config"),
    GIT_CONFIG_NOSYSTEM: "1",
    TMPDIR: top,
  };
  return {
    top,
    project,
    env,
    registry: join(project, ".git", "ra", "registry.db"),
    workspaces: join(home, "state", "ra", "workspaces"),
    git(...args) {
      const done = Bun.spawnSync(["git", ...args], { cwd: project, env, stdin: "ignore" });
      return done.exitCode === 0 ? done.stdout.toString() : null;
    },
    async ra(...args) {
      const child = Bun.spawn([await raBinary(), ...args], {
        cwd: project,
        env,
        stdin: "ignore",
        stdout: "ignore",
        stderr: "pipe",
      });
      const stderr = child.stderr.text();
      return {
        pid: child.pid,
        ended: child.exited.then(() => child.exitCode),
        said: () => stderr,
        kill: () => child.kill("SIGKILL"),
      };
    },
    living: () => livingBelow(top),
  };
}

/** Whatever inherited the world's environment names its directory. */
function livingBelow(top: string): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const name of readdirSync("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    const environment = readText(`/proc/${name}/environ`);
    if (!environment.includes(`=${top}/`)) continue;
    found.set(Number(name), readText(`/proc/${name}/cmdline`).replaceAll("\0", " ").trim());
  }
  return found;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** Copies a file tree while nothing of it is in use. */
export function copyTree(from: string, to: string): void {
  if (existsSync(from)) cpSync(from, to, { recursive: true });
}

/** One row of the log, as the file tells it. */
export interface LoggedEvent {
  readonly seq: number;
  readonly at: string;
  readonly run: string;
  readonly type: string;
  readonly task: string | null;
  readonly attempt: number | null;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Reads the log out of the registry's file. */
export function readLog(world: World): readonly LoggedEvent[] {
  using database = new Database(world.registry, { readonly: true });
  const rows = database
    .query<Omit<LoggedEvent, "body"> & { body: string }, []>("select * from events order by seq")
    .all();
  return rows.map((row) => ({ ...row, body: JSON.parse(row.body) }));
}
