import type { Clock } from "../clock.ts";
import { isDiskFull } from "../disk-space.ts";
import type { Published } from "../run/event.ts";
import type { Assignment } from "./assignment.ts";
import type { AttemptEnd } from "./attempt.ts";
import type { DiskGuard } from "./disk-guard.ts";
import type { Written } from "./disk-watch.ts";
import type { Hands, Landed } from "./hands.ts";

/** How long a result waits for room until it is landed, or taken back in place, again, in milliseconds, and how often. */
const landAgainMs = 2_000;
const landAgainMax = 900;

/**
 * Hands that tell apart what a full disk did from what a task did, which costs the task nothing: failures, and successes of
 * programs that took no notice of what they could not write.
 */
export class HandsOnFullDisk implements Hands {
  readonly #hands: Hands;
  readonly #guard: DiskGuard;
  readonly #clock: Clock;
  readonly #ending = new AbortController();

  constructor(hands: Hands, guard: DiskGuard, clock: Clock) {
    this.#hands = hands;
    this.#guard = guard;
    this.#clock = clock;
  }

  async attempt(...call: Parameters<Hands["attempt"]>): Promise<AttemptEnd> {
    const endWatch = this.#guard.watch();
    const end = await this.#hands.attempt(...call);
    const full = endWatch();
    const { outcome } = end;
    switch (outcome.kind) {
      case "failed":
      case "crashed":
        if (full === null && !isDiskFull(new Error(outcome.message))) return end;
        return { ...end, outcome: { kind: "disk-full", message: outcome.message } };
      case "succeeded":
      case "unchanged":
        return full === null ? end : await this.#disbelieved(end, full);
      default:
        return end;
    }
  }

  /** What a program wrote on a full disk may be cut, whatever it says of itself. It stays pinned, and does not land. */
  async #disbelieved(end: AttemptEnd, { name, path }: Written): Promise<AttemptEnd> {
    const message = `it ended well, but the disk of ${name} (${path}) was full meanwhile: what it wrote may be cut`;
    for (let tries = 1; ; tries++) {
      try {
        await end.restore();
        return { ...end, outcome: { kind: "disk-full", message } };
      } catch (error) {
        const { message } = error as Error;
        const isOver = tries > landAgainMax || this.#ending.signal.aborted;
        if (isOver || (!isDiskFull(error) && !this.#guard.isScarce())) {
          return { ...end, outcome: { kind: "crashed", message } };
        }
      }
      await this.#clock.sleep(landAgainMs, this.#ending.signal);
    }
  }

  /** The result is pinned: it is landed as it is when there is room, without a new attempt. */
  async land(assignment: Assignment, end: AttemptEnd): Promise<Landed> {
    for (let tries = 1; ; tries++) {
      const landed = await this.#hands.land(assignment, end);
      const { landing } = landed;
      if (landing.kind !== "unverified" || tries > landAgainMax) return landed;
      if (!isDiskFull(new Error(landing.message)) && !this.#guard.isScarce()) return landed;
      await this.#clock.sleep(landAgainMs, this.#ending.signal);
      if (this.#ending.signal.aborted) return landed;
    }
  }

  endChecks(): void {
    this.#ending.abort();
    this.#hands.endChecks();
  }

  get unpublished(): boolean {
    return this.#hands.unpublished;
  }

  publish(): Promise<Published | null> {
    return this.#hands.publish();
  }

  commitOf(task: string): string | null {
    return this.#hands.commitOf(task);
  }
}
