import type { Published } from "../run/event.ts";
import type { Landing, Usage } from "../run/model.ts";
import type { Assignment } from "./assignment.ts";
import type { AttemptEnd } from "./attempt.ts";
import type { Result } from "./result.ts";

/** How a result landed, with what a person should know besides. */
export interface Landed {
  readonly landing: Landing;
  readonly warnings: readonly string[];
  /** What was to be merged: the commit, and the one it started from. Absent when there was nothing. */
  readonly result?: Pick<Result, "base" | "commit">;
}

/** What the dispatcher does not do itself: attempts, merges and the rest of the world. */
export interface Hands {
  /**
   * Opens a workspace at the newest tip, runs the agent, takes the snapshot. Never throws. `onAnswer` is called when the
   * agent's model has answered, any number of times, with what the attempt has used so far where that is known.
   */
  attempt(
    assignment: Assignment,
    cancel: AbortSignal,
    onAnswer: (usage: Usage | null) => void,
  ): Promise<AttemptEnd>;
  /** Merges, checks and lands what an attempt left. Never throws. */
  land(assignment: Assignment, end: AttemptEnd): Promise<Landed>;
  /** Ends the checks that run now: the run is being ended. */
  endChecks(): void;
  /** True when landed work waits to reach the target. */
  readonly unpublished: boolean;
  /** Moves the target at the end of the run. */
  publish(): Promise<Published | null>;
  /** The commit of a task on the branch it reached; null when it made none. */
  commitOf(task: string): string | null;
}
