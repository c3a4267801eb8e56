import type { Clock } from "../clock.ts";
import { isDiskFull } from "../disk-space.ts";
import type { Published } from "../run/event.ts";
import type { Assignment } from "./assignment.ts";
import type { AttemptEnd } from "./attempt.ts";
import type { DiskGuard } from "./disk-guard.ts";
import type { Hands, Landed } from "./hands.ts";

/** How long a result waits for room until it is landed again, in milliseconds, and how often. */
const landAgainMs = 2_000;
const landAgainMax = 900;

/** Hands whose failures for want of room are told apart from those of a task: they cost it nothing. */
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
    const end = await this.#hands.attempt(...call);
    const { outcome } = end;
    if (outcome.kind !== "failed" && outcome.kind !== "crashed") return end;
    if (!isDiskFull(new Error(outcome.message)) && !this.#guard.isScarce()) return end;
    return { ...end, outcome: { kind: "disk-full", message: outcome.message } };
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
