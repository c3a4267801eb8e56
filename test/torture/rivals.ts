import { Random } from "../campaign/random.ts";
import { endAll } from "./cycle.ts";
import { killAt } from "./killer.ts";
import { judge } from "./oracle.ts";
import { references } from "./reference-plan.ts";
import { makeWorld, type RaChild, readLog, type World } from "./world.ts";

/** What came of several `ra` that wanted one run at the same moment. */
export interface Rivalry {
  /** How many tried, the one that got it included. */
  readonly starts: number;
  readonly kills: number;
  readonly wrong: readonly string[];
}

/** How often the driver of one run is killed, and its place fought for. */
const roundsMax = 4;

/**
 * One run whose driver is killed again and again. While it lives a second `ra` must be turned away; after each death
 * several want its place at once, and exactly one may get it.
 */
export async function rivalry(top: string, seed: number, number: number): Promise<Rivalry> {
  const random = new Random("rivals", seed, number);
  const world = await makeWorld(top, references[number % references.length]);
  const wrong: string[] = [];
  let starts = 1;
  let kills = 0;
  let driver = await world.ra("dispatch", `${top}/plan.json`);
  for (let round = 0; round < roundsMax; round++) {
    const seq = (readLog(world).at(-1)?.seq ?? 0) + random.between(1, 10);
    const isFirst = round === 0;
    if (isFirst) {
      await untilLogged(world, driver, 3);
      starts += 1;
      wrong.push(...(await turnedAway(world, await world.ra("resume", "@last"), driver)));
    }
    if (!(await killAt(world, driver, { kind: "after", seq }))) break;
    kills += 1;
    const children = await Promise.all(
      Array.from({ length: random.between(2, 4) }, () => world.ra("resume", "@last")),
    );
    starts += children.length;
    const [winner, ...complaints] = await settle(world, children);
    wrong.push(...complaints);
    if (winner === null) break;
    driver = winner;
  }
  await driver.ended;
  const last = await world.ra("resume", "@last");
  const code = await last.ended;
  // Nothing is left to do where the last driver came to its end.
  if (code !== 0 && code !== 2) wrong.push(`the last came to ${code}: ${await last.said()}`);
  wrong.push(...judge(world, new Map()));
  await endAll(world);
  return { starts, kills, wrong };
}

/** Waits until one of them drives the run and the others are gone. Gives that one, and what was wrong. */
async function settle(
  world: World,
  children: readonly RaChild[],
): Promise<[RaChild | null, ...string[]]> {
  const before = resumes(world).length;
  const over = new Set<RaChild>();
  for (const child of children) void child.ended.then(() => over.add(child));
  while (over.size < children.length - 1) await Bun.sleep(2);
  const owners = resumes(world).slice(before);
  const [owner] = owners;
  const winner = children.find(({ pid }) => pid === owner) ?? null;
  const wrong: string[] = [];
  if (owners.length !== 1 || winner === null) {
    return [null, `INV-6: ${owners.length} of ${children.length} rivals got the run`];
  }
  for (const child of children) {
    if (child !== winner) wrong.push(...(await turnedAway(world, child, winner)));
  }
  return [winner, ...wrong];
}

/** Exit 6, and the holder named. */
async function turnedAway(world: World, child: RaChild, holder: RaChild): Promise<string[]> {
  const code = await child.ended;
  const said = await child.said();
  if (code === 6 && said.includes(`process ${holder.pid} `)) return [];
  const isOver = readLog(world).at(-1)?.type === "run.finished";
  if (code === 2 && isOver) return [];
  return [`a rival of process ${holder.pid} came to ${code}: ${said}`];
}

function resumes(world: World): number[] {
  return readLog(world).flatMap(({ type, body }) =>
    type === "run.resumed" ? [(body.owner as { pid: number }).pid] : [],
  );
}

async function untilLogged(world: World, child: RaChild, seq: number): Promise<void> {
  let isOver = false;
  void child.ended.then(() => {
    isOver = true;
  });
  while (!isOver && readLog(world).length < seq) await Bun.sleep(2);
}
