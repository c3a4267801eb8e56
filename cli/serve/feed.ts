import type { Clock } from "../../core/clock.ts";
import { eventsAfter } from "../../core/registry/events-after.ts";
import { newestSeq } from "../../core/registry/query.ts";
import type { Registry } from "../../core/registry/registry.ts";
import type { Event } from "../../core/run/event.ts";

/** How often the log is looked at for what other processes have written, in milliseconds. */
const lookMs = 50;

/**
 * The log as it grows, for any number of readers. Each keeps its own place in it and reads on when it can, so that one who is
 * slow holds up nobody and nothing is kept for him.
 */
export class Feed implements Disposable {
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #onTrouble: (error: unknown) => void;
  readonly #wakers = new Set<() => void>();
  readonly #leave: () => void;
  #stop: () => void = () => {};

  constructor(registry: Registry, clock: Clock, onTrouble: (error: unknown) => void) {
    this.#registry = registry;
    this.#clock = clock;
    this.#onTrouble = onTrouble;
    this.#leave = registry.subscribe(() => this.wake());
    this.#look();
  }

  /** The place behind everything there is. */
  get end(): number {
    return newestSeq(this.#registry.database);
  }

  /** Events behind a place, oldest first; `run` null: of all runs. */
  after(seq: number, run: string | null, limit: number): readonly Event[] {
    return eventsAfter(this.#registry.database, seq, { run, limit });
  }

  /** Calls `wake` whenever there may be more to read. Returns the way to stop. */
  onMore(wake: () => void): () => void {
    const own = (): void => wake();
    this.#wakers.add(own);
    return () => void this.#wakers.delete(own);
  }

  /** There may be more. */
  wake(): void {
    for (const wake of this.#wakers) {
      try {
        wake();
      } catch (error) {
        // The others are told all the same; this one is when there is more.
        this.#onTrouble(error);
      }
    }
  }

  [Symbol.dispose](): void {
    this.#stop();
    this.#leave();
    this.#wakers.clear();
  }

  #look(): void {
    try {
      if (this.#registry.changed()) this.wake();
    } catch (error) {
      this.#onTrouble(error);
    }
    this.#stop = this.#clock.after(lookMs, () => this.#look(), { idle: true });
  }
}
