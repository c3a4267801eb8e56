import type { Task } from "../plan/plan.ts";
import type { Outcome } from "../run/model.ts";
import type { Clash } from "./clash.ts";

/** How often a task was tried, and what the next attempt has to know of the last. */
export class Tally {
  /** Number of the last attempt. */
  number: number;
  /** Attempts that count: all but those a rate limit ended, and those whose model another one took over from. */
  counted = 0;
  /** Attempts in a row that a limit or a full disk ended. */
  limited = 0;
  conflicts: number;
  before: string | null = null;
  clash: Clash | null;
  /** How many of those who may do it have shown that they cannot. */
  passedOver = 0;
  /** Why the last of them could not; null: nobody was passed over. */
  passedFor: string | null = null;

  /** `clash`: the conflict that was open when the run broke off. */
  constructor(number = 0, clash: Clash | null = null) {
    this.number = number;
    this.clash = clash;
    this.conflicts = clash === null ? 0 : 1;
  }

  /** The next attempt is given the conflict of the last result. */
  resolves(task: Pick<Task, "onConflict">): boolean {
    return this.clash !== null && task.onConflict === "agent";
  }

  /** Counts an attempt that ended. */
  count(outcome: Outcome): void {
    if (outcome.kind === "rate-limited" || outcome.kind === "disk-full") this.limited += 1;
    else {
      this.counted += 1;
      this.limited = 0;
    }
  }

  /** The one who did it cannot; the next of them gets the same number of tries. */
  passOver(reason: string): void {
    this.passedOver += 1;
    this.passedFor = reason;
    this.counted -= 1;
  }
}
