import type { Clock } from "../clock.ts";

/** The time an attempt has. It stands still while a person is asked. */
export class TimeLimit {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  #leftMs: number;
  #sinceMs = 0;
  #holds = 0;
  #stop: (() => void) | null = null;

  /** Starts at once; `onDue` is called when `ms` have passed. */
  constructor(clock: Clock, ms: number, onDue: () => void) {
    this.#clock = clock;
    this.#leftMs = ms;
    this.#onDue = onDue;
    this.#start();
  }

  /** Stands still until `release` was called as often as this. */
  hold(): void {
    this.#holds += 1;
    if (this.#stop === null) return;
    this.#stop();
    this.#stop = null;
    this.#leftMs = Math.max(0, this.#leftMs - (this.#clock.monotonic() - this.#sinceMs));
  }

  release(): void {
    this.#holds -= 1;
    if (this.#holds === 0) this.#start();
  }

  /** The attempt is over: nothing comes any more. */
  end(): void {
    this.#holds = Number.POSITIVE_INFINITY;
    this.#stop?.();
    this.#stop = null;
  }

  #start(): void {
    this.#sinceMs = this.#clock.monotonic();
    this.#stop = this.#clock.after(this.#leftMs, () => {
      this.#stop = null;
      this.#onDue();
    });
  }
}
