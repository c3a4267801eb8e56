import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { raBinary } from "../support/binary.ts";
import { type LoopDisk, makeLoopDisk } from "./loop-disk.ts";
import { judge } from "./oracle.ts";
import { endOf, type LoggedEvent, makeWorld, readLog, runNext, type World } from "./world.ts";

/** What a run came to whose power was cut. */
export interface PowerCut {
  /** What was wrong after it, one line each. */
  readonly wrong: readonly string[];
  /** Facts that the binary had told on standard output before the cut. */
  readonly told: number;
  /** Results among them. */
  readonly results: number;
  /** True when the run had ended, with its exit code, before the cut. */
  readonly ended: boolean;
}

/** Runs are cut again and again until this many lives; then one is let go to its end. */
const resumesMax = 4;

/** Longest of these lives, in milliseconds. */
const lifeMaxMs = 20_000;

/**
 * Starts the reference plan on a disk of its own, cuts the power `afterMs` later (0: as soon as the run has ended), and
 * compares what is there after a new start with what the binary had told. Then the run is resumed to its end and judged.
 * `isFresh`: the user committed right before, so that nothing of the repository is on the disk but by the run; their other
 * files may be lost, and only what was told and the repository are judged.
 */
export async function cutPower(top: string, afterMs: number, isFresh = false): Promise<PowerCut> {
  mkdirSync(top, { recursive: true });
  using disk = makeLoopDisk(top, { megabytes: 256 });
  // The journals of the tasks stand beside the disk: they tell what happened, whatever the disk forgets.
  for (const name of ["project", "home"]) {
    mkdirSync(join(disk.path, name));
    symlinkSync(join("disk", name), join(top, name));
  }
  const world = await makeWorld(top);
  if (!isFresh) Bun.spawnSync(["sync"]);
  const { code, told } = await lifeUntilCut(world, disk, afterMs);
  await disk.restart();
  const wrong = [
    ...judgeTold(world, told),
    ...judgeRepository(world),
    ...(isFresh ? [] : judgeEnd(world, code)),
  ];
  // A registry that is not whole would fail every command: that is the finding, not what follows from it.
  if (wrong.length === 0 && !isFresh) wrong.push(...(await goOn(world, code)));
  await endAll(world);
  return {
    wrong,
    told: told.length,
    results: told.filter(({ type }) => type === "attempt.finished").length,
    ended: code !== null,
  };
}

/** A life of the binary that the power ended. */
interface CutLife {
  /** The exit code; null when the power went before. */
  readonly code: number | null;
  /** The events that it had printed when the cut began. */
  readonly told: readonly LoggedEvent[];
}

/**
 * What is printed while the disk is shut down is not judged: to a flush that is under way then, Linux may report success
 * for what it throws away. `cutTeller` counts how often that happens to SQLite alone.
 */
async function lifeUntilCut(world: World, disk: LoopDisk, afterMs: number): Promise<CutLife> {
  const child = Bun.spawn([await raBinary(), "dispatch", join(world.top, "plan.json"), "--json"], {
    cwd: world.project,
    env: world.env,
    stdin: "ignore",
    stdout: Bun.file(join(world.top, "told")),
    stderr: Bun.file(join(world.top, "said")),
  });
  const late = afterMs === 0 ? new Promise<never>(() => {}) : Bun.sleep(afterMs);
  await Promise.race([child.exited, late]);
  const code = child.exitCode;
  const told = toldBy(world.top);
  disk.cut();
  child.kill("SIGKILL");
  await child.exited;
  await endAll(world);
  // What runs now is what the next start of the machine starts.
  rmSync(join(world.top, "live"), { recursive: true });
  mkdirSync(join(world.top, "live"));
  return { code, told };
}

/** The events that the binary printed; a line that it did not finish was not told. */
function toldBy(top: string): LoggedEvent[] {
  const lines = readFileSync(join(top, "told"), "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}

/** INV-11 and INV-1: what was told is there, and so is all that it names. */
function judgeTold(world: World, told: readonly LoggedEvent[]): string[] {
  if (!existsSync(world.registry)) return ["INV-11: the registry is gone"];
  let log: readonly LoggedEvent[];
  try {
    log = readLog(world);
  } catch (error) {
    return [`INV-11: the registry cannot be read: ${(error as Error).message}`];
  }
  const wrong: string[] = [];
  const bySeq = new Map(log.map((event) => [event.seq, event]));
  for (const { seq, type } of told) {
    if (bySeq.get(seq)?.type !== type) wrong.push(`INV-11: event ${seq} (${type}) was told, lost`);
  }
  for (const { seq, type, body } of log) {
    const landing = body.landing as { readonly commit?: string } | undefined;
    const named = [body.kept, landing?.commit];
    if (type === "attempt.finished" || type === "merge.finished") {
      for (const commit of named)
        if (!isWhole(world, commit))
          wrong.push(`INV-1: event ${seq} (${type}) names ${commit}, lost`);
    }
  }
  return wrong;
}

function isWhole(world: World, commit: unknown): boolean {
  if (typeof commit !== "string") return true;
  return world.git("rev-list", "--objects", "--no-object-names", commit) !== null;
}

/** INV-15. */
function judgeRepository(world: World): string[] {
  const wrong: string[] = [];
  if (world.git("fsck", "--full", "--strict", "--no-dangling") === null)
    wrong.push("INV-15: git fsck fails");
  if (world.git("rev-parse", "--verify", "HEAD^{commit}") === null)
    wrong.push("INV-15: HEAD names no commit");
  return wrong;
}

/** For a run that had ended with 0, INV-11 again: its target holds what it was said to hold. */
function judgeEnd(world: World, code: number | null): string[] {
  if (code === null) return [];
  return code === 0 ? judgeAfterCut(world) : [`the run came to ${code}`];
}

/** Resumes the run to its end and judges that. */
async function goOn(world: World, before: number | null): Promise<string[]> {
  let code = before;
  let said = "";
  // The power may go between the end of the run and that of its process.
  if (code === null && endOf(readLog(world)) === 0) {
    const next = await runNext(world);
    code = await next.ended;
    if (code !== 0) return [`the run after it came to ${code}: ${await next.said()}`];
  }
  for (let lives = 0; lives < resumesMax && code !== 0; lives++) {
    const isNew = readLog(world).length === 0;
    const child = await world.ra(...(isNew ? ["dispatch", `${world.top}/plan.json`] : ["resume"]));
    const limit = setTimeout(() => child.kill(), lifeMaxMs);
    code = await child.ended;
    clearTimeout(limit);
    said = await child.said();
  }
  return code === 0
    ? judgeAfterCut(world).filter((what) => !isSetAside(what))
    : [`the last of ${resumesMax} lives came to ${code}, ${readLog(world).at(-1)?.type}: ${said}`];
}

/** Git does not flush the log of a branch, so that its last moves may be gone where the branch itself is not. */
function judgeAfterCut(world: World): string[] {
  return judge(world, new Map()).filter((what) => {
    const known = /^INV-2: the target is at .* its last known move was to (\w+)$/.exec(what)?.[1];
    return known === undefined || world.git("merge-base", "--is-ancestor", known, "main") === null;
  });
}

/** The clone of an agent is not flushed: when its git is damaged, the directory is kept for a person to look at. */
function isSetAside(what: string): boolean {
  return what.startsWith("INV-9: workspaces/leftovers with ");
}

/** The machine is off: nothing of it runs on. */
async function endAll(world: World): Promise<void> {
  while (world.living().size > 0) {
    for (const pid of world.living().keys()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // Gone meanwhile.
      }
    }
    await Bun.sleep(5);
  }
}
