import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Random } from "../campaign/random.ts";
import { type Cycle, runCycle } from "./cycle.ts";
import type { KillPoint } from "./killer.ts";

/** One run of the reference plan, with everything that kills it. */
export interface Ordeal {
  /** What a report calls it; with the seed it replays. */
  readonly name: string;
  readonly nextPoint: (newest: number) => KillPoint | null;
}

/** What a campaign came to. */
export interface Outcome {
  readonly runs: number;
  readonly kills: number;
  /** Files that stood in workspaces at a death. */
  readonly dirty: number;
  readonly wrong: readonly string[];
  /** Times of recovery in milliseconds, ascending. */
  readonly recoveriesMs: readonly number[];
  /** Events between the point of an `after` kill and the death, ascending. */
  readonly overshoots: readonly number[];
}

/** Longest time a recovery may take, in milliseconds. */
export const recoveryMaxMs = 5_000;

/** Longest random life, in milliseconds. */
const randomLifeMaxMs = 3_000;

/**
 * A run that is killed at every `stride`-th event from `first` on, up to `last`. All strides from 1 to `stride` together
 * kill at every event.
 */
export function killAlong(
  kind: "before" | "after",
  {
    first,
    stride,
    last,
  }: { readonly first: number; readonly stride: number; readonly last: number },
): Ordeal {
  let before = 0;
  return {
    name: `${kind} event ${first} and every ${stride}th from there`,
    nextPoint(newest) {
      // A death right before an event leaves it to the next life, which has to get past it.
      const least = Math.max(newest, before) + 1;
      before = first + Math.max(0, Math.ceil((least - first) / stride)) * stride;
      return before > last ? null : { kind, seq: before };
    },
  };
}

/** A run that is killed `times` times, each life a little further, also in the middle of its recovery. */
export function killOften(seed: number, number: number, times: number): Ordeal {
  const random = new Random("torture", seed, number);
  let left = times;
  return {
    name: `ordeal ${number} of seed ${seed}`,
    nextPoint(newest) {
      if (left === 0) return null;
      left -= 1;
      if (random.chance(0.4)) return { kind: "at", ms: random.below(randomLifeMaxMs) };
      const kind = random.chance(0.5) ? "before" : "after";
      return { kind, seq: newest + random.between(1, 12) };
    },
  };
}

/** Goes through ordeals, two at a time. Worlds are made below `top` and removed. */
export async function torture(
  top: string,
  ordeals: Iterable<Ordeal>,
  onCycle: (ordeal: Ordeal, cycle: Cycle) => void = () => {},
): Promise<Outcome> {
  const cycles: Cycle[] = [];
  const wrong: string[] = [];
  const queue = ordeals[Symbol.iterator]();
  let made = 0;
  const lane = async (): Promise<void> => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      const ordeal = next.value;
      made += 1;
      const dir = join(top, `world-${made}`);
      const cycle = await runCycle(dir, ordeal.nextPoint);
      cycles.push(cycle);
      wrong.push(...cycle.wrong.map((what) => `${ordeal.name}: ${what}`));
      onCycle(ordeal, cycle);
      if (cycle.wrong.length === 0 || process.env.RA_TORTURE_KEEP === undefined) {
        await rm(dir, { recursive: true, force: true });
      }
    }
  };
  await Promise.all([lane(), lane()]);
  const ascending = (all: readonly number[]): number[] => [...all].sort((a, b) => a - b);
  return {
    runs: cycles.length,
    kills: cycles.reduce((sum, { kills }) => sum + kills, 0),
    dirty: cycles.reduce((sum, { dirty }) => sum + dirty, 0),
    wrong,
    recoveriesMs: ascending(cycles.flatMap(({ recoveriesMs }) => recoveriesMs)),
    overshoots: ascending(cycles.flatMap(({ overshoots }) => overshoots)),
  };
}

/** The value below which that part of an ascending list lies; 0 for an empty one. */
export function quantile(ascending: readonly number[], part: number): number {
  const at = Math.min(ascending.length - 1, Math.floor(ascending.length * part));
  return ascending[at] ?? 0;
}
