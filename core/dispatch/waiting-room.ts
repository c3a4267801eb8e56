import type { Clock } from "../clock.ts";
import type { Schedule } from "../run/schedule.ts";

/** A task that another run's claim keeps back is tried again at least this often: its owner may have died. */
const foreignRetryMs = 1000;

/** Tasks that gave their slot back: until a time, or until another run lets go of a path. */
export class WaitingRoom {
  readonly #clock: Clock;
  readonly #schedule: Schedule;
  readonly #onDue: (position: number) => void;
  readonly #timers = new AbortController();
  readonly #parked = new Set<number>();
  readonly #foreign = new Set<number>();
  readonly #roomless = new Set<number>();
  #triedAt = 0;
  #stale = false;

  constructor(clock: Clock, schedule: Schedule, onDue: (position: number) => void) {
    this.#clock = clock;
    this.#schedule = schedule;
    this.#onDue = onDue;
  }

  /** Tasks that wait for a time. */
  get parked(): ReadonlySet<number> {
    return this.#parked;
  }

  /** Tasks that another run's claim keeps back. */
  get foreign(): ReadonlySet<number> {
    return this.#foreign;
  }

  /** True when a task waits for room on a disk: then nothing else needs to be tried. */
  get lacksRoom(): boolean {
    return this.#roomless.size > 0;
  }

  /** Tasks that wait, for whatever. */
  get size(): number {
    return this.#parked.size + this.#foreign.size + this.#roomless.size;
  }

  has(position: number): boolean {
    return [this.#parked, this.#foreign, this.#roomless].some((set) => set.has(position));
  }

  /** A running task waits until a time, epoch milliseconds; then `onDue` is called. */
  park(position: number, untilMs: number): void {
    this.#schedule.hold(position);
    this.#parked.add(position);
    void this.#clock
      .sleep(untilMs - this.#clock.now(), this.#timers.signal)
      .then(() => this.#onDue(position));
  }

  /** The time has come. */
  unpark(position: number): void {
    if (this.#parked.delete(position)) this.#schedule.release(position);
  }

  /** A running task waits for another run. */
  holdForeign(position: number): void {
    this.#schedule.hold(position);
    this.#foreign.add(position);
  }

  /** A running task waits for room on a disk. */
  holdForRoom(position: number): void {
    this.#schedule.hold(position);
    this.#roomless.add(position);
  }

  /** True when it is time to ask for the other run's claims, or for the room on the disks, again. */
  foreignDue(registryChanged: boolean): boolean {
    const overdue = this.#clock.monotonic() - this.#triedAt >= foreignRetryMs;
    this.#stale ||= this.#foreign.size > 0 && (registryChanged || overdue);
    this.#stale ||= this.#roomless.size > 0 && overdue;
    return this.#stale;
  }

  /** Makes the tasks that waited for another run, or for room, ready again, when something may have changed. */
  retryForeign(): void {
    if (!this.#stale) return;
    this.#stale = false;
    this.#triedAt = this.#clock.monotonic();
    for (const held of [this.#foreign, this.#roomless]) {
      for (const position of held) this.#schedule.release(position);
      held.clear();
    }
  }

  /** The task has ended; it waits for nothing any more. */
  forget(position: number): void {
    this.#parked.delete(position);
    this.#foreign.delete(position);
    this.#roomless.delete(position);
  }

  /** Stops the timers. */
  close(): void {
    // Without a reason it would make an error, with its stack.
    this.#timers.abort("closed");
  }
}
