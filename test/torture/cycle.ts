import { type KillPoint, killAt, removeTrap, setTrap } from "./killer.ts";
import { type DirtyFile, dirtyBlobs, judge } from "./oracle.ts";
import type { Reference } from "./reference-plan.ts";
import {
  commitAsUser,
  endOf,
  type LoggedEvent,
  makeWorld,
  type RaChild,
  readLog,
  runNext,
  type World,
} from "./world.ts";

/** One run of a reference plan, with everything that kills it. */
export interface Ordeal {
  /** What a report calls it; with the seed it replays. */
  readonly name: string;
  readonly reference: Reference;
  /** Null: the next life is left alone. `newest`: the last event of the log. */
  readonly nextPoint: (newest: number) => KillPoint | null;
}

/** What a life and its deaths came to. */
export interface Cycle {
  /** What was wrong at the end, one line each. */
  readonly wrong: readonly string[];
  /** How many processes were killed. */
  readonly kills: number;
  /** Files that stood in workspaces at a death. */
  readonly dirty: number;
  /** Commits that the user made on the target meanwhile. */
  readonly usersCommits: number;
  /** Milliseconds from each start of `ra resume` that was not killed in it to the first event of the run's own work. */
  readonly recoveriesMs: readonly number[];
  /** The same of the first start, `ra dispatch`: what a start costs without any recovery. */
  readonly startsMs: readonly number[];
  /** Events of the whole log. */
  readonly events: number;
  /** Events that were recorded between the point of an `after` kill and the death. */
  readonly overshoots: readonly number[];
}

/** Longest life of one process of the binary, in milliseconds. */
const lifeMs = 60_000;

/** Ends of a run that nothing kills; more resumes than this are a fault of their own. */
const resumesMax = 4;

/** Milliseconds of a life after which the user commits. */
const usersDelayMs = 150;

/** Runs a reference plan in a world below `top`, kills it at each point in turn, and lets it come to its end. */
export async function runCycle(
  top: string,
  { reference, nextPoint }: Pick<Ordeal, "reference" | "nextPoint">,
  onKill: () => void = () => {},
): Promise<Cycle> {
  const world = await makeWorld(top, reference);
  const dirty = new Map<string, DirtyFile>();
  const wrong: string[] = [];
  const recoveriesMs: number[] = [];
  const startsMs: number[] = [];
  const overshoots: number[] = [];
  let kills = 0;
  let code: number | null = null;
  let said = "";
  const told: string[] = [];
  for (let ends = 0; ends < resumesMax && code !== 0; ) {
    const log = readLog(world);
    const newest = log.at(-1)?.seq ?? 0;
    const point = nextPoint(newest);
    if (point?.kind === "before") setTrap(world, point.seq);
    const isNew = log.length === 0;
    const began = Date.now();
    const child = await world.ra(...(isNew ? ["dispatch", `${top}/plan.json`] : ["resume"]));
    using _limit = limited(child);
    const user = reference === "user" ? actAsUser(world, kills + ends) : null;
    if (point !== null && (await killAt(world, child, point))) {
      kills += 1;
      onKill();
      for (const [id, file] of dirtyBlobs(world)) dirty.set(id, file);
      // It may be killed between the end of the run and its own.
      if (endOf(readLog(world)) === 0) code = await (await runNext(world)).ended;
    } else {
      ends += 1;
      code = await child.ended;
    }
    said = await child.said();
    told.push(...said.split("\n").filter((line) => /^(ra: .*(?::|aside)|error)/.test(line)));
    await user;
    if (point?.kind === "before") removeTrap(world);
    const after = readLog(world);
    if (point?.kind === "after") overshoots.push((after.at(-1)?.seq ?? 0) - point.seq);
    (isNew ? startsMs : recoveriesMs).push(...firstWork(after.slice(log.length), began));
  }
  if (code !== 0) wrong.push(`the last of ${resumesMax} came to ${code}: ${said}`);
  wrong.push(...judge(world, dirty));
  if (wrong.length > 0) wrong.push(...told.map((line) => `it said: ${line}`));
  await endAll(world);
  return {
    ...{ wrong, kills, recoveriesMs, startsMs, overshoots },
    dirty: dirty.size,
    usersCommits: world.usersCommits.size,
    events: readLog(world).length,
  };
}

/** Time to the first event that is not recovery's own; none when it was killed before that. */
function firstWork(events: readonly LoggedEvent[], began: number): number[] {
  const first = events.find(({ type }) =>
    /^(attempt\.started|merge\.finished|run\.finished)$/.test(type),
  );
  return first === undefined ? [] : [Date.parse(first.at) - began];
}

async function actAsUser(world: World, life: number): Promise<void> {
  await Bun.sleep(usersDelayMs * (1 + (life % 4)));
  await commitAsUser(world, String(life));
}

function limited(child: RaChild): Disposable {
  const timer = setTimeout(() => child.kill(), lifeMs);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Nothing may outlive a cycle, whatever the product left. */
export async function endAll(world: World): Promise<void> {
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
