import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Random } from "../campaign/random.ts";
import { type Cycle, type Ordeal, runCycle } from "./cycle.ts";
import type { KillPoint } from "./killer.ts";
import { references } from "./reference-plan.ts";

/** What a campaign came to. */
export interface Outcome {
  readonly runs: number;
  readonly kills: number;
  /** Files that stood in workspaces at a death. */
  readonly dirty: number;
  /** Commits that users made meanwhile. */
  readonly usersCommits: number;
  readonly wrong: readonly string[];
  /** Times of recovery in milliseconds, ascending. */
  readonly recoveriesMs: readonly number[];
  /** Times of first starts, which recover nothing, ascending. */
  readonly startsMs: readonly number[];
  /** Events between the point of an `after` kill and the death, ascending. */
  readonly overshoots: readonly number[];
}

/** Longest random life, in milliseconds. Most are much shorter, so that many end in recovery. */
const randomLifeMaxMs = 1_500;

/** Most deaths in a row in recovery. */
const burstMax = 5;

/** How long a life is that is to end in recovery, in milliseconds. */
const recoveryMs = 300;

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
    reference: "clone",
    nextPoint(newest) {
      // A death right before an event leaves it to the next life, which has to get past it.
      const least = Math.max(newest, before) + 1;
      before = first + Math.max(0, Math.ceil((least - first) / stride)) * stride;
      return before > last ? null : { kind, seq: before };
    },
  };
}

/** A run that is killed up to `times` times, each life a little further, also again and again in the middle of its recovery. */
export function killOften(seed: number, number: number, times: number): Ordeal {
  const random = new Random("torture", seed, number);
  let left = times;
  let burst = 0;
  const draw = (newest: number): KillPoint => {
    if (burst === 0 && newest > 0 && random.chance(0.15)) burst = random.between(1, burstMax);
    if (burst > 0) {
      burst -= 1;
      return { kind: "at", ms: random.below(recoveryMs) };
    }
    if (random.chance(0.3)) {
      return { kind: "at", ms: random.below(random.between(50, randomLifeMaxMs)) };
    }
    const kind = random.chance(0.5) ? "before" : "after";
    return { kind, seq: newest + random.between(1, 12) };
  };
  return {
    name: `ordeal ${number} of seed ${seed}`,
    reference: references[number % references.length] as Ordeal["reference"],
    nextPoint(newest) {
      if (left === 0) return null;
      left -= 1;
      return draw(newest);
    },
  };
}

/** Runs killed up to `perRun` times each, one after the other, without an end. */
export function* endlessOrdeals(seed: number, from: number, perRun: number): Generator<Ordeal> {
  for (let number = from; ; number++) yield killOften(seed, number, perRun);
}

/**
 * Goes through ordeals, two at a time, until they are over or so many kills were made: those under way come to their end.
 * Worlds are made below `top` and removed.
 */
export async function torture(
  top: string,
  ordeals: Iterable<Ordeal>,
  {
    killsMax = Number.POSITIVE_INFINITY,
    onCycle = () => {},
  }: {
    readonly killsMax?: number;
    readonly onCycle?: (ordeal: Ordeal, cycle: Cycle) => void;
  } = {},
): Promise<Outcome> {
  const cycles: Cycle[] = [];
  const wrong: string[] = [];
  const queue = ordeals[Symbol.iterator]();
  let made = 0;
  let kills = 0;
  const counted = (ordeal: Ordeal): Ordeal => ({
    ...ordeal,
    nextPoint: (newest) => (kills < killsMax ? ordeal.nextPoint(newest) : null),
  });
  const onKill = (): void => {
    kills += 1;
  };
  const lane = async (): Promise<void> => {
    while (kills < killsMax) {
      const next = queue.next();
      if (next.done) return;
      const ordeal = next.value;
      made += 1;
      const dir = join(top, `world-${made}`);
      const cycle = await runCycle(dir, counted(ordeal), onKill);
      cycles.push(cycle);
      wrong.push(...cycle.wrong.map((what) => `${ordeal.name}: ${what}`));
      onCycle(ordeal, cycle);
      if (cycle.wrong.length === 0 || process.env.RA_TORTURE_KEEP === undefined) {
        await rm(dir, { recursive: true, force: true });
      }
    }
  };
  await Promise.all([lane(), lane()]);
  return outcomeOf(cycles, wrong);
}

function outcomeOf(cycles: readonly Cycle[], wrong: readonly string[]): Outcome {
  const ascending = (all: readonly number[]): number[] => [...all].sort((a, b) => a - b);
  const sum = (value: (cycle: Cycle) => number): number =>
    cycles.reduce((total, cycle) => total + value(cycle), 0);
  return {
    runs: cycles.length,
    kills: sum(({ kills }) => kills),
    dirty: sum(({ dirty }) => dirty),
    usersCommits: sum(({ usersCommits }) => usersCommits),
    wrong,
    recoveriesMs: ascending(cycles.flatMap(({ recoveriesMs }) => recoveriesMs)),
    startsMs: ascending(cycles.flatMap(({ startsMs }) => startsMs)),
    overshoots: ascending(cycles.flatMap(({ overshoots }) => overshoots)),
  };
}

/** The value below which that part of an ascending list lies; 0 for an empty one. */
export function quantile(ascending: readonly number[], part: number): number {
  const at = Math.min(ascending.length - 1, Math.floor(ascending.length * part));
  return ascending[at] ?? 0;
}
