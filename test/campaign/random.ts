/** Numbers that follow from a seed alone, so that a failure can be had again. */
export class Random {
  #state: number;

  /** The same labels give the same numbers. */
  constructor(...labels: readonly (number | string)[]) {
    // FNV-1a over the labels; the steps below spread what it gives.
    let hash = 0x811c9dc5;
    for (const byte of Buffer.from(labels.join("/"))) {
      hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
    }
    this.#state = hash;
  }

  /** An integer from 0 up to but without `end`. */
  below(end: number): number {
    return Math.floor((this.#next() / 2 ** 32) * end);
  }

  /** An integer from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  /** True in that part of the cases. */
  chance(part: number): boolean {
    return this.#next() / 2 ** 32 < part;
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new Error("nothing to pick from");
    return list[this.below(list.length)] as T;
  }

  shuffled<T>(list: readonly T[]): T[] {
    const copy = [...list];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
    }
    return copy;
  }

  /** The next 32 bits, as mulberry32 makes them. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return (z ^ (z >>> 14)) >>> 0;
  }
}

/** Which cases of a campaign run, and from what seed. */
export interface Campaign {
  readonly name: string;
  readonly seed: number;
  /** Numbers of the cases, in order. */
  readonly cases: readonly number[];
}

/** The part of a campaign that the test suite plays; `npm run campaigns` plays all of it. */
const suiteShare = 0.05;

/**
 * Reads `RA_SEED` (a number; else one is drawn), `RA_CASE` (one case alone), `RA_CASES` (how many) and `RA_CAMPAIGN`
 * (`full`: all `count`, else a part of them), and prints the seed.
 */
export function campaign(name: string, count: number): Campaign {
  const seed = numberFrom("RA_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]!;
  const only = numberFrom("RA_CASE");
  const share = process.env.RA_CAMPAIGN === "full" ? 1 : suiteShare;
  const length = numberFrom("RA_CASES") ?? Math.round(count * share);
  const cases = only === null ? Array.from({ length }, (_, i) => i) : [only];
  console.log(`${name}: seed ${seed}, ${cases.length} cases`);
  return { name, seed, cases };
}

/** The words that run one case again. */
export function replayOf({ name, seed }: Campaign, number: number): string {
  return `RA_SEED=${seed} RA_CASE=${number} bun test test/campaign/${name}.test.ts`;
}

/** Works the cases off in two lanes: nearly all of the time is spent in git. */
export async function inTwoLanes<T>(
  list: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...list];
  const lane = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all([lane(), lane()]);
}

/** Cuts a list into pieces of at most `size`. */
export function chunks<T>(list: readonly T[], size: number): T[][] {
  const pieces: T[][] = [];
  for (let at = 0; at < list.length; at += size) pieces.push(list.slice(at, at + size));
  return pieces;
}

function numberFrom(name: string): number | null {
  const text = process.env[name];
  if (text === undefined || text === "") return null;
  if (!/^\d+$/.test(text)) throw new Error(`${name} must be a number, and is \`${text}\``);
  return Number(text);
}
