/** How much of a place more there is for each round of attempts that were not refused: limits are mostly by the minute. */
const growth = 0.25;

/** Attempts at once on a provider that nothing is known of, before it has answered one. */
const firstCeiling = 2;

const unlimited = 2 ** 20;

/**
 * How many attempts a provider that has refused takes again: one that asks, then twice as many without an answer with each
 * that is answered, and in all no more than half of those it refused. That grows by one in about four rounds without a refusal.
 * One that nothing is known of takes two, and one more with each that is answered.
 */
export class Ramp {
  /** Attempts that may run without having been answered. */
  #size: number;
  #ceiling: number;
  #isOpen: boolean;
  /** How much higher the ceiling is with each first answer. */
  readonly #step: number;
  readonly #unanswered = new Set<number>();

  private constructor(start: { ceiling: number; size: number; step: number; isOpen: boolean }) {
    this.#ceiling = start.ceiling;
    this.#size = start.size;
    this.#step = start.step;
    this.#isOpen = start.isOpen;
  }

  /** For a provider that has refused. `ceiling`: attempts at once, answered or not. */
  static again(ceiling: number): Ramp {
    return new Ramp({ ceiling, size: 1, step: 0, isOpen: false });
  }

  /** For a provider that is met for the first time. */
  static first(): Ramp {
    return new Ramp({ ceiling: firstCeiling, size: unlimited, step: 1, isOpen: true });
  }

  /** True once an attempt of any run has been answered. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** True while an attempt runs that has not been answered. */
  get isAsking(): boolean {
    return this.#unanswered.size > 0;
  }

  get ceiling(): number {
    return Math.floor(this.#ceiling);
  }

  /** Attempts that may start now, beside so many that run. */
  room(running: number): number {
    return Math.max(0, Math.min(this.#size - this.#unanswered.size, this.ceiling - running));
  }

  started(position: number): void {
    this.#unanswered.add(position);
  }

  /** An attempt was answered. False: that was known, or it is none of those that were waited for. */
  answered(position: number): boolean {
    if (!this.#unanswered.delete(position)) return false;
    this.#ceiling += this.#step;
    this.open();
    return true;
  }

  /** An attempt of this run or another was answered. */
  open(): void {
    this.#isOpen = true;
    this.#size = Math.min(this.#size * 2, unlimited);
  }

  /** An attempt has ended. `unrefused`: with an answer, from its beginning to its end. */
  ended(position: number, unrefused: boolean): void {
    this.#unanswered.delete(position);
    if (unrefused) this.#ceiling += growth / this.#ceiling;
  }

  /** True when it keeps nothing back any more where so many run at most. */
  isWide(concurrency: number): boolean {
    return this.#size >= concurrency && this.ceiling >= concurrency;
  }
}

/** The most that may run at once on a provider that has refused while so many ran, and had that ceiling. */
export function ceilingAfter(running: number, before: number | undefined): number {
  return Math.max(1, Math.ceil(Math.min(running, before ?? running) / 2));
}
