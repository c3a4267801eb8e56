import { Database } from "bun:sqlite";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { raBinary } from "../support/binary.ts";
import { type LoggedEvent, makeWorld, readLog, type World } from "./world.ts";

/** What happens to a system call of `ra` or of a git that it started: counted in each thread of each process. */
export interface Fault {
  /** The system call, or a pattern of strace. */
  readonly call: string;
  readonly nth: number;
  /** Null: the process is killed there. Else the error that the call gives. */
  readonly error: "EIO" | "ENOSPC" | null;
  /** True: every later call as well. */
  readonly persistent: boolean;
}

/** What a run came to that met a fault. */
export interface FaultOutcome {
  readonly wrong: readonly string[];
  /** How often the fault struck. */
  readonly struck: number;
  /** The exit code of the run that met it; null when it was killed. */
  readonly code: number | null;
}

/** Tasks of the run: two beside each other, and one that needs both. */
const tasks = ["one", "two", "both"] as const;
const lifeMaxMs = 60_000;
const resumesMax = 3;

/** Why no fault can be planted here; null when one can. */
export function whyNoFaults(): string | null {
  if (process.platform !== "linux") return "strace is of Linux";
  if (Bun.which("strace") === null) return "`strace` is missing";
  const done = Bun.spawnSync(["strace", "-qq", "-o", "/dev/null", "true"]);
  return done.exitCode === 0 ? null : `strace cannot trace: ${done.stderr.toString().trim()}`;
}

function plan(): object {
  return {
    version: 1,
    name: "faults",
    mode: "auto",
    defaults: { retries: { max: 1, backoff: "10ms" } },
    tasks: tasks.map((id) => ({
      id,
      run: `printf 'made by ${id}\\n' > ${id}.txt`,
      ...(id === "both" ? { deps: ["one", "two"] } : {}),
    })),
  };
}

/** Runs a plan with a fault in it; then without: it goes on, nothing that was recorded is lost, nothing is in the way. */
export async function meetFault(top: string, fault: Fault): Promise<FaultOutcome> {
  const world = await makeWorld(top);
  writeFileSync(join(top, "plan.json"), JSON.stringify(plan()));
  const { code, struck } = await faultyLife(world, fault);
  await ended(world);
  const wrong = code === 0 ? await judgeWhole(world) : await retried(world);
  const signs = [...judgeStores(world), ...judgeLocks(world)];
  await ended(world, true);
  return { wrong: [...wrong, ...signs], struck, code };
}

async function faultyLife(
  world: World,
  { call, nth, error, persistent }: Fault,
): Promise<{ code: number | null; struck: number }> {
  const journal = join(world.top, "strace");
  const what = error === null ? "signal=KILL" : `error=${error}`;
  const when = `${nth}${persistent ? "+" : ""}`;
  const child = Bun.spawn(
    [
      ...["strace", "-f", "-qq", "-o", journal],
      ...["-e", `trace=${call}`, "-e", `inject=${call}:${what}:when=${when}`],
      ...[await raBinary(), "dispatch", join(world.top, "plan.json")],
    ],
    { cwd: world.project, env: world.env, stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  );
  // As somebody who has no patience: strace alone would leave `ra` at work.
  const limit = setTimeout(() => {
    try {
      process.kill(driverOf(world) ?? child.pid, "SIGKILL");
    } catch {
      // It has ended, and something that it started has not, whose own system calls fail as well.
      child.kill("SIGKILL");
    }
  }, lifeMaxMs);
  await child.exited;
  clearTimeout(limit);
  const signs = error === null ? /\+\+\+ killed by SIGKILL/g : /\(INJECTED\)/g;
  const struck = readFileSync(journal, "utf8").match(signs)?.length ?? 0;
  return { code: child.exitCode, struck };
}

/** The `ra` that drives the run; null before it has said so. */
function driverOf(world: World): number | null {
  if (!existsSync(world.registry)) return null;
  const start = readLog(world).find(({ type }) => type === "run.started");
  return (start?.body.owner as { readonly pid: number } | undefined)?.pid ?? null;
}

/** What the user does next: the run is resumed, or begun anew when it had ended; then a run without a fault ends well. */
async function retried(world: World): Promise<string[]> {
  const wrong: string[] = [];
  let said = "";
  let code: number | null = null;
  for (let lives = 0; lives < resumesMax && code !== 0; lives++) {
    const log = readLog(world);
    const isOpen = log.length > 0 && log.at(-1)?.type !== "run.finished";
    const child = await world.ra(...(isOpen ? ["resume"] : ["dispatch", `${world.top}/plan.json`]));
    const limit = setTimeout(() => child.kill(), lifeMaxMs);
    code = await child.ended;
    clearTimeout(limit);
    said = await child.said();
  }
  if (code !== 0) wrong.push(`stuck: the last of ${resumesMax} lives came to ${code}: ${said}`);
  return [...wrong, ...(await judgeWhole(world))];
}

/** All that the plan makes is on the target, and in the checkout. */
async function judgeWhole(world: World): Promise<string[]> {
  const wrong: string[] = [];
  for (const id of tasks) {
    const text = `made by ${id}\n`;
    if (world.git("show", `main:${id}.txt`) !== text) wrong.push(`INV-11: ${id} is not landed`);
    const path = join(world.project, `${id}.txt`);
    if (!existsSync(path) || readFileSync(path, "utf8") !== text)
      wrong.push(`INV-13: ${id}.txt of the checkout is not as it landed`);
  }
  return wrong;
}

/** INV-1 and INV-15. */
function judgeStores(world: World): string[] {
  const wrong: string[] = [];
  if (world.git("fsck", "--full", "--strict", "--no-dangling") === null)
    wrong.push("INV-15: git fsck fails");
  using database = new Database(world.registry, { readonly: true });
  const checked = database.query<{ integrity_check: string }, []>("pragma integrity_check").all();
  if (checked[0]?.integrity_check !== "ok") wrong.push("INV-15: the registry is damaged");
  for (const { seq, type, body } of readLog(world) as readonly LoggedEvent[]) {
    if (type !== "attempt.finished" || typeof body.kept !== "string") continue;
    if (world.git("rev-list", "--objects", "--no-object-names", body.kept) === null)
      wrong.push(`INV-1: event ${seq} names ${body.kept}, lost`);
  }
  return wrong;
}

/** INV-9: no lock is left. */
function judgeLocks(world: World): string[] {
  const gitDir = join(world.project, ".git");
  return readdirSync(gitDir, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".lock") && !/\/(landing|recovery)\.lock$/.test(name))
    .map((name) => `INV-9: lock ${name}`);
}

/** Waits for what a killed process leaves behind to end of itself; `force`: ends it. */
async function ended(world: World, force = false): Promise<void> {
  const deadline = performance.now() + 200;
  while (world.living().size > 0 && (force || performance.now() < deadline)) {
    for (const pid of force ? world.living().keys() : []) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // Gone meanwhile.
      }
    }
    await Bun.sleep(5);
  }
}
