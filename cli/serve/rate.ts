import type { Clock } from "../../core/clock.ts";

/** A bucket that fills at a steady rate: who takes more than it holds waits. */
export class Rate {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #burst: number;
  readonly #perSecond: number;
  #held: number;
  #at: number;

  constructor(
    clock: Pick<Clock, "monotonic">,
    { burst, perSecond }: { readonly burst: number; readonly perSecond: number },
  ) {
    this.#clock = clock;
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#held = burst;
    this.#at = clock.monotonic();
  }

  /** Takes so many. 0: taken; else nothing was, and in so many seconds there are enough. */
  take(count = 1): number {
    const now = this.#clock.monotonic();
    const filled = this.#held + ((now - this.#at) / 1_000) * this.#perSecond;
    this.#held = Math.min(this.#burst, filled);
    this.#at = now;
    if (this.#held < count) return Math.ceil((count - this.#held) / this.#perSecond);
    this.#held -= count;
    return 0;
  }
}
