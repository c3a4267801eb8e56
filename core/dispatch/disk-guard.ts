import type { Clock } from "../clock.ts";
import type { WaitReason } from "../run/event.ts";
import { type StartSampler, startSampler } from "./disk-sampler.ts";
import { DiskWatch, type Written } from "./disk-watch.ts";

/** How often the disks are asked at most, in milliseconds. */
const lookMs = 250;

/** With less than this even a small result may not fit; what fails then fails for want of room. */
const scarceBytes = 16 * 1024 * 1024;

/** Knows whether the disks of a run have room for more attempts, and whether they had while one ran. */
export class DiskGuard {
  readonly #places: readonly Written[];
  readonly #lowWaterBytes: number;
  readonly #clock: Clock;
  readonly #freeOf: (path: string) => number;
  readonly #watch: DiskWatch | null;
  #seen: Extract<WaitReason, { kind: "disk" }> | null = null;
  #seenAt = Number.NEGATIVE_INFINITY;

  constructor(input: {
    readonly places: readonly Written[];
    /** Free bytes below which nothing new starts; 0 for never. */
    readonly lowWaterBytes: number;
    readonly clock: Clock;
    /** As `freeBytes`. */
    readonly freeOf: (path: string) => number;
    readonly startSampler?: StartSampler;
  }) {
    // Where no room is too little, there is nothing to look at.
    this.#places = input.lowWaterBytes > 0 ? input.places : [];
    this.#lowWaterBytes = input.lowWaterBytes;
    this.#clock = input.clock;
    this.#freeOf = input.freeOf;
    this.#watch =
      input.lowWaterBytes > 0
        ? new DiskWatch({
            places: input.places,
            floorBytes: this.#scarceBytes,
            clock: input.clock,
            freeOf: this.#freeOf,
            startSampler: input.startSampler ?? startSampler,
          })
        : null;
  }

  /** Why no attempt may start now; null when there is room. */
  shortage(): Extract<WaitReason, { kind: "disk" }> | null {
    const now = this.#clock.monotonic();
    if (now - this.#seenAt >= lookMs) {
      this.#seen = this.#below(this.#lowWaterBytes);
      this.#seenAt = now;
    }
    return this.#seen;
  }

  /** True when there is so little that whatever fails now fails for it. */
  isScarce(): boolean {
    return this.#below(this.#scarceBytes) !== null;
  }

  /** As `DiskWatch.begin`: whether there was so little at any moment of an attempt. */
  watch(): () => Written | null {
    return this.#watch?.begin() ?? (() => null);
  }

  /** Nothing starts with less, so a disk that is always small is not always full. */
  get #scarceBytes(): number {
    return Math.min(scarceBytes, this.#lowWaterBytes);
  }

  #below(bytes: number): Extract<WaitReason, { kind: "disk" }> | null {
    for (const { name, path } of this.#places) {
      const free = this.#freeOf(path);
      if (free < bytes) return { kind: "disk", holds: name, path, free, least: bytes };
    }
    return null;
  }
}
