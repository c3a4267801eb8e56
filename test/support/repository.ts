import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Event } from "../../core/run/event.ts";
import { raBinary } from "./binary.ts";
import { onTestEnd, temporaryDirectory } from "./leftovers.ts";
import { writeUserConfig } from "./user-config.ts";

/** What a run of the binary came to. */
export interface RaResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The binary while it runs. */
export interface RaProcess {
  readonly pid: number;
  readonly ended: Promise<RaResult>;
  signal(name: NodeJS.Signals): void;
}

/** A task as a plan has it. */
export type PlannedTask = { readonly id: string } & Readonly<Record<string, unknown>>;

/** A user with one git repository, and the binary. Nothing of it outlives the test. */
export interface TestRepository {
  readonly dir: string;
  /** Holds everything of the test: repository, home, plans, gates. */
  readonly top: string;
  readonly env: Record<string, string>;
  /** Runs git in the repository; gives standard output without its last line end. Throws when git fails. */
  git(...args: string[]): string;
  /** Writes files in the repository. */
  write(files: Readonly<Record<string, string>>): void;
  /** Writes files, and commits everything. Gives the commit. */
  commit(files: Readonly<Record<string, string>>, message?: string): string;
  /** Writes an `auto` plan of these tasks outside the repository, and gives its path. */
  plan(tasks: readonly PlannedTask[], rest?: Readonly<Record<string, unknown>>): string;
  /** Runs the binary in the repository to its end. */
  ra(...args: string[]): Promise<RaResult>;
  /** Starts the binary in the repository. */
  start(...args: string[]): Promise<RaProcess>;
  /** Shell text that tells the test it is there, then waits until the test opens the gate of this name. */
  hold(gate: string): string;
  /** Waits until somebody stands before the gate. */
  arrival(gate: string): Promise<void>;
  /** Lets one through, now or when it comes. */
  open(gate: string): void;
  /** Ids of living processes that the test's programs started, themselves included. */
  living(): number[];
}

/** Longest wait for something that the test expects, in milliseconds. */
const patienceMs = 20_000;

/** A repository on branch `main` with one commit of `files`; `files` null: a directory without git. */
export function testRepository(
  files: Readonly<Record<string, string>> | null = { "README.md": "start\n" },
): TestRepository {
  const top = temporaryDirectory("ra-e2e");
  const dir = join(top, "project");
  for (const name of ["project", "home", "gates"]) mkdirSync(join(top, name));
  const env = environment(top);
  writeUserConfig(join(top, "config"));
  const git = (...args: string[]): string => runGit(dir, env, args);
  const write = (written: Readonly<Record<string, string>>): void => writeBelow(dir, written);
  const ended: RaResult[] = [];
  const start = async (...args: string[]): Promise<RaProcess> => {
    const started = await startRa(dir, env, args);
    void started.ended.then((result) => ended.push(result));
    return started;
  };
  const gates = new Map<string, number>();
  const gate = (name: string): number => {
    const fd = gates.get(name) ?? openFifo(join(top, "gates", `${name}.go`));
    gates.set(name, fd);
    return fd;
  };
  let plans = 0;
  const made: TestRepository = {
    dir,
    top,
    env,
    git,
    write,
    start,
    commit(written, message = "change") {
      write(written);
      git("add", "--all");
      git("commit", "--quiet", "--allow-empty", "--message", message);
      return git("rev-parse", "HEAD");
    },
    plan(tasks, rest = {}) {
      plans += 1;
      const path = join(top, `plan-${plans}.json`);
      writeFileSync(path, JSON.stringify({ version: 1, mode: "auto", ...rest, tasks }));
      return path;
    },
    ra: async (...args) => (await start(...args)).ended,
    hold(name) {
      gate(name);
      // By their paths: not every program that `ra` starts gets the environment.
      const stem = join(top, "gates", name);
      return `touch ${stem}.here; read -r _ < ${stem}.go`;
    },
    async arrival(name) {
      const isThere = (): boolean => existsSync(join(top, "gates", `${name}.here`));
      await until(isThere, `gate ${name}`).catch((error: Error) => {
        const said = ended.map(({ code, stdout, stderr }) => `${code}: ${stdout}${stderr}`);
        throw new Error([error.message, ...said].join("\n"));
      });
    },
    open: (name) => void writeSync(gate(name), "\n"),
    living: () => livingBelow(top),
  };
  onTestEnd(() => {
    const left = livingBelow(top);
    for (const pid of left) process.kill(pid, "SIGKILL");
    for (const fd of gates.values()) closeSync(fd);
    if (left.length > 0) throw new Error(`processes left behind: ${left.join(", ")}`);
  });
  if (files !== null) {
    git("init", "--quiet", "--initial-branch=main");
    git("config", "user.name", "Ada Lovelace");
    git("config", "user.email", "ada@example.com");
    made.commit(files, "start");
  }
  return made;
}

/** Waits until something holds, looking often. Throws after 20 s, naming what did not come. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await Bun.sleep(10);
  }
}

/** The events that `--json` printed, oldest first. */
export function events(result: Pick<RaResult, "stdout">): Event[] {
  const lines = result.stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Event);
}

/** The events of one type, oldest first. */
export function eventsOf<T extends Event["type"]>(
  result: Pick<RaResult, "stdout">,
  type: T,
): Extract<Event, { type: T }>[] {
  return events(result).filter((event) => event.type === type) as Extract<Event, { type: T }>[];
}

/** The last line of `ra dispatch --json`. Throws, with what was said instead, when there is none. */
export function ending(result: RaResult): Extract<Event, { type: "run.finished" }> {
  const last = eventsOf(result, "run.finished").at(-1);
  if (!last) throw new Error(`no end of a run:\n${result.stdout}\n${result.stderr}`);
  return last;
}

/** Status of each task at the end of a run. */
export function statuses(result: RaResult): Record<string, string> {
  return Object.fromEntries(ending(result).tasks.map(({ id, status }) => [id, status]));
}

async function startRa(
  dir: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<RaProcess> {
  const child = Bun.spawn([await raBinary(), ...args], {
    cwd: dir,
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  onTestEnd(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
    await child.exited;
    clearTimeout(timer);
  });
  const finish = async (): Promise<RaResult> => {
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    await child.exited;
    return { code: child.exitCode, stdout, stderr };
  };
  return { pid: child.pid, ended: finish(), signal: (name) => child.kill(name) };
}

function environment(top: string): Record<string, string> {
  const home = join(top, "home");
  return {
    PATH: process.env.PATH ?? "",
    HOME: home,
    XDG_STATE_HOME: join(home, "state"),
    XDG_CONFIG_HOME: join(top, "config"),
    RA_WORKSPACES: join(top, "workspaces"),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GATES: join(top, "gates"),
  };
}

function runGit(
  dir: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[],
): string {
  const done = Bun.spawnSync(["git", ...args], { cwd: dir, env, stdin: "ignore" });
  if (done.exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${done.stderr.toString()}`);
  return done.stdout.toString().replace(/\n$/, "");
}

function writeBelow(dir: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}

/** Open for reading too, so that neither end blocks for want of the other. */
function openFifo(path: string): number {
  if (!existsSync(path)) Bun.spawnSync(["mkfifo", path]);
  return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
}

/** Whatever inherited the test's environment names its directory; on systems without `/proc` nothing is found. */
function livingBelow(top: string): number[] {
  if (!existsSync("/proc/self/environ")) return [];
  return readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name))
    .filter((pid) => readEnvironment(pid).includes(`=${top}/`))
    .map(Number);
}

function readEnvironment(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return "";
  }
}
