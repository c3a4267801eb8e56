import { type Machine, thisMachine } from "./machine.ts";
import type { Survivor } from "./tree.ts";

/**
 * Looks for leftovers of plain commands: one look at the process table a period for all that ended since, as a
 * look for each would cost more than a short command itself. Agents are looked after one by one.
 */
export class LeftoverSweeper {
  readonly #periodMs: number;
  readonly #graceMs: number;
  readonly #machine: Machine;
  #marks = new Set<string>();
  #stopTimer: (() => void) | null = null;
  #batch: PromiseWithResolvers<readonly Survivor[]> | null = null;
  #running: Promise<unknown> = Promise.resolve();

  constructor(
    options: {
      readonly periodMs?: number;
      readonly graceMs?: number;
      readonly machine?: Machine;
    } = {},
  ) {
    this.#periodMs = options.periodMs ?? 1_000;
    this.#graceMs = options.graceMs ?? 1_000;
    this.#machine = options.machine ?? thisMachine;
  }

  /** Resolves with what survived the look that this mark was part of, of all its marks. Never rejects. */
  add(mark: string): Promise<readonly Survivor[]> {
    this.#marks.add(mark);
    this.#batch ??= Promise.withResolvers();
    // A look that is due must not keep `ra` alive: whoever ends calls `flush`.
    const { clock } = this.#machine;
    this.#stopTimer ??= clock.after(this.#periodMs, () => void this.flush(), { idle: true });
    return this.#batch.promise;
  }

  /** Looks now, and waits for every look under way. */
  async flush(): Promise<readonly Survivor[]> {
    this.#stopTimer?.();
    this.#stopTimer = null;
    const batch = this.#batch;
    const marks = this.#marks;
    this.#batch = null;
    this.#marks = new Set();
    const before = this.#running;
    const look = marks.size === 0 ? Promise.resolve([]) : this.#machine.sweep(marks, this.#graceMs);
    this.#running = Promise.all([before, look]);
    const [, survivors] = await Promise.all([before, look]);
    batch?.resolve(survivors);
    return survivors;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
  }
}
