import { Database } from "bun:sqlite";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Registry } from "../../core/registry/registry.ts";
import { raBinary } from "../support/binary.ts";
import { writeUserConfig } from "../support/user-config.ts";
import { type Reference, referencePlan, resolvingAgent } from "./reference-plan.ts";

/** A user with a repository in which the reference run is killed. */
export interface World {
  readonly top: string;
  readonly reference: Reference;
  readonly project: string;
  readonly registry: string;
  readonly workspaces: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the user has in the checkout and never commits, by path. */
  readonly usersFiles: Readonly<Record<string, string>>;
  /** Commits that the user made on the target while the run went on. */
  readonly usersCommits: Set<string>;
  /** Files that the user could not commit, with what \`git status\` is to say of them. */
  readonly usersLeft: Map<string, "A " | "??">;
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
export async function makeWorld(top: string, reference: Reference = "clone"): Promise<World> {
  const world = openWorld(top, reference);
  for (const name of ["project", "live"]) mkdirSync(join(top, name), { recursive: true });
  writeUserConfig(join(top, "home", "config"));
  const must = (...args: string[]): void => {
    if (world.git(...args) === null) throw new Error(`git ${args.join(" ")} failed`);
  };
  must("init", "--quiet", "--initial-branch=main");
  must("config", "user.name", "Ada Lovelace");
  must("config", "user.email", "ada@example.com");
  write(world.project, { "README.md": "start\n", "notes.md": "start\n", "shared.txt": "start\n" });
  must("add", "--all");
  must("commit", "--quiet", "--message", "start");
  must("branch", "topic");
  write(world.project, world.usersFiles);
  if ("staged.txt" in world.usersFiles) must("add", "staged.txt");
  writeFileSync(join(top, "plan.json"), JSON.stringify(referencePlan(top, reference)));
  if (reference === "agent") giveAgent(world);
  const registry = await Registry.open({ stateDir: join(world.project, ".git", "ra") });
  await registry.close();
  return world;
}

/** A task in the checkout needs it clean, so the user has only untracked files there. */
function usersFilesOf(reference: Reference): Readonly<Record<string, string>> {
  const untracked = { "untracked.txt": "of the user\n" };
  if (reference === "in-place") return untracked;
  return { "notes.md": "half a thought\n", "staged.txt": "to be committed\n", ...untracked };
}

function giveAgent({ top }: World): void {
  const agent = join(top, "agent");
  writeFileSync(agent, resolvingAgent(), { mode: 0o755 });
  writeUserConfig(join(top, "home", "config"), `runners: { kilo: { command: [${agent}] } }\n`);
}

function write(dir: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) writeFileSync(join(dir, path), text);
}

/** The world that lies at `top`. */
export function openWorld(top: string, reference: Reference): World {
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
    reference,
    project,
    env,
    registry: join(project, ".git", "ra", "registry.db"),
    workspaces: join(home, "state", "ra", "workspaces"),
    usersFiles: usersFilesOf(reference),
    usersCommits: new Set(),
    usersLeft: new Map(),
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

/** The user commits a file to the target, or tries to: a lock on the index is in the way while files move. */
export async function commitAsUser(world: World, name: string): Promise<void> {
  const path = `user-${name}.txt`;
  writeFileSync(join(world.project, path), `by the user: ${name}\n`);
  const git = async (...args: string[]): Promise<string | null> => {
    const child = Bun.spawn(["git", "-c", "core.abbrev=40", ...args], {
      cwd: world.project,
      env: world.env,
      stdin: "ignore",
      stderr: "ignore",
    });
    const text = await child.stdout.text();
    return (await child.exited) === 0 ? text : null;
  };
  world.usersLeft.set(path, "??");
  if ((await git("add", path)) === null) return;
  world.usersLeft.set(path, "A ");
  const said = await git("commit", "--message", name, "--only", "--", path);
  const id = /^\[main ([0-9a-f]{40})\]/.exec(said ?? "")?.[1];
  if (id === undefined) return;
  world.usersLeft.delete(path);
  world.usersCommits.add(id);
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

/** Another run, that makes nothing. What an earlier one left that had ended before its process goes with it. */
export async function runNext(world: World): Promise<RaChild> {
  const plan = join(world.top, "next.json");
  writeFileSync(plan, JSON.stringify({ version: 1, tasks: [{ id: "next", run: "true" }] }));
  return await world.ra("dispatch", plan, "--auto");
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
  // Whoever opens it first after a kill locks it while it recovers.
  database.run("pragma busy_timeout = 5000");
  const rows = database
    .query<Omit<LoggedEvent, "body"> & { body: string }, []>("select * from events order by seq")
    .all();
  return rows.map((row) => ({ ...row, body: JSON.parse(row.body) }));
}

/** The exit code that a run ended with by its log; null while it has not, and after it was resumed. */
export function endOf(log: readonly LoggedEvent[]): number | null {
  const last = log.at(-1);
  return last?.type === "run.finished" ? (last.body.exitCode as number) : null;
}
