import type { Clock } from "../clock.ts";
import { nearestDirectory } from "../disk-space.ts";
import type { StartSampler } from "./disk-sampler.ts";

/** A directory in which a run writes, by what it holds. */
export interface Written {
  readonly name: string;
  readonly path: string;
}

/** How fast a disk may fill: what a file takes that is only in memory yet, on a fast machine. */
const bytesPerMs = 4 * 1024 * 1024;

/** Between two looks of this thread while attempts run, in milliseconds. It may be held up for seconds. */
const lookMs = 1_000;

/** With more than this free no disk is full before the next look, also one that comes late. */
const plentyBytes = 2 * lookMs * bytesPerMs;

/** Bounds of the time between two looks of a sampler, in milliseconds. */
const [leastMs, mostMs] = [2, 250];

/**
 * Knows whether a disk was full while an attempt ran, for all attempts of a run together. Where there is plenty it costs a
 * look a second; else a sampler looks.
 */
export class DiskWatch {
  readonly #places: readonly Written[];
  readonly #floorBytes: number;
  readonly #clock: Clock;
  readonly #freeOf: (path: string) => number;
  readonly #startSampler: StartSampler;
  /** As a sampler has them. Each attempt begins with a new mark. */
  readonly #marks: Int32Array;
  #endSampler: (() => void) | null = null;
  #live = 0;
  #isLooking = false;

  constructor(input: {
    readonly places: readonly Written[];
    /** A disk with less free bytes is full. */
    readonly floorBytes: number;
    readonly clock: Clock;
    readonly freeOf: (path: string) => number;
    readonly startSampler: StartSampler;
  }) {
    this.#places = input.places;
    this.#floorBytes = input.floorBytes;
    this.#clock = input.clock;
    this.#freeOf = input.freeOf;
    this.#startSampler = input.startSampler;
    this.#marks = sharedCells(1 + input.places.length);
  }

  /** Begins to watch for one attempt. The end gives a place that was full meanwhile, and is called once; null: none was. */
  begin(): () => Written | null {
    const mark = Atomics.add(this.#marks, 0, 1) + 1;
    this.#live += 1;
    if (!this.#isLooking) this.#goOn();
    else if (this.#endSampler !== null) this.#look();
    return () => {
      this.#live -= 1;
      if (this.#endSampler !== null) this.#look();
      return this.#places.find((_, i) => Atomics.load(this.#marks, i + 1) >= mark) ?? null;
    };
  }

  #goOn(): void {
    this.#isLooking = this.#live > 0;
    if (!this.#isLooking) {
      this.#endSampler?.();
      this.#endSampler = null;
      return;
    }
    this.#look();
    this.#clock.after(lookMs, () => this.#goOn(), { idle: true });
  }

  #look(): void {
    let least = Number.POSITIVE_INFINITY;
    for (const [i, { path }] of this.#places.entries()) {
      const free = this.#freeOf(path);
      if (free < this.#floorBytes) Atomics.store(this.#marks, i + 1, Atomics.load(this.#marks, 0));
      least = Math.min(least, free);
    }
    if (least >= plentyBytes || this.#endSampler !== null) return;
    this.#endSampler = this.#startSampler({
      paths: this.#places.map(({ path }) => nearestDirectory(path)),
      floorBytes: this.#floorBytes,
      bytesPerMs,
      leastMs,
      mostMs,
      marks: this.#marks,
      gate: sharedCells(1),
    });
  }
}

/** 32-bit cells that another thread sees as well. */
function sharedCells(count: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT));
}
