import { unreachable } from "../assert.ts";
import { isNear, limits } from "../limits.ts";
import type { Retries, Task } from "../plan/plan.ts";
import { resetMarginMs } from "../run/cooldown.ts";
import type { Landing, Outcome, TaskError } from "../run/model.ts";
import { clashMessage } from "./clash.ts";
import { timeoutText } from "./end-words.ts";

/** What follows from the end of an attempt. */
export type Step =
  | { readonly kind: "merge" }
  | { readonly kind: "done" }
  | { readonly kind: "retry"; readonly afterMs: number; readonly message: string }
  | { readonly kind: "park"; readonly untilMs: number; readonly message: string }
  | { readonly kind: "error"; readonly error: TaskError }
  | { readonly kind: "stopped" };

type Failure = Extract<Step, { kind: "error" }>;

/** How often a task has been tried and refused so far, this attempt included. */
export interface Tries {
  /** Attempts that count: all but those that a rate limit or a full disk ended. */
  readonly counted: number;
  readonly limited: number;
  /** How often a limit ended an attempt of any task of the run. */
  readonly limitedInRun?: number;
  /** All attempts so far, of earlier processes of the run as well. */
  readonly attempts: number;
  /** How often the result conflicted. */
  readonly conflicts: number;
  /** The conflict that the attempt was to resolve, in words; null for an attempt at the task itself. */
  readonly resolving: string | null;
}

/** The same for all tasks of a run together. */
const limitedInRunMax = 1000;

/**
 * Decides what happens to a task after an attempt. `againMs`: when a task that a limit ended may try again, epoch
 * milliseconds; null: what its outcome says.
 */
export function afterAttempt(
  task: Task,
  outcome: Outcome,
  tries: Tries,
  nowMs: number,
  againMs: number | null = null,
): Step {
  return withinAttempts(stepAfter(task, outcome, tries, nowMs, againMs), tries);
}

/** Ends a task that would be tried for ever, by resumes say; tells of it before. */
function withinAttempts<S extends Step>(step: S, { attempts }: Tries): S | Failure {
  if (step.kind !== "retry" && step.kind !== "park") return step;
  const most = limits.attemptsOfTask;
  if (attempts < most) {
    const near = isNear(attempts, most) ? ` (attempt ${attempts} of at most ${most})` : "";
    return { ...step, message: `${step.message}${near}` };
  }
  const kind = step.kind === "park" ? "rate-limit" : "failed";
  const message = `tried ${attempts} times, which is the most; the last: ${step.message}`;
  return { kind: "error", error: { kind, message } };
}

function stepAfter(
  task: Task,
  outcome: Outcome,
  tries: Tries,
  nowMs: number,
  againMs: number | null,
): Step {
  switch (outcome.kind) {
    case "succeeded":
      return outcome.commit === null ? { kind: "done" } : { kind: "merge" };
    case "unchanged":
      if (tries.resolving === null && (task.work.kind === "command" || task.allowNoChange))
        return { kind: "done" };
      return failed(task, tries, {
        kind: "no-change",
        message: "the agent reported success, but changed nothing",
      });
    case "failed":
      if (outcome.final) {
        return { kind: "error", error: { kind: "failed", message: outcome.message } };
      }
      return failed(task, tries, { kind: "failed", message: outcome.message });
    case "timed-out":
      return failed(task, tries, { kind: "timeout", message: timeoutText(outcome) });
    case "crashed":
      return failed(task, tries, { kind: "crashed", message: outcome.message });
    case "lost":
      return failed(task, tries, { kind: "crashed", message: "its process vanished" });
    case "auth":
      return { kind: "error", error: { kind: "auth", message: outcome.message } };
    case "cancelled":
      return { kind: "stopped" };
    case "rate-limited":
      return parked(task, outcome, tries, nowMs, againMs);
    case "disk-full":
      return untilRoom(task, outcome.message, tries, nowMs);
    default:
      return unreachable(outcome);
  }
}

/** Decides what happens to a task after its result was merged, or was not. */
export function afterLanding(
  task: Task,
  landing: Landing,
  tries: Tries,
): Exclude<Step, { kind: "merge" | "park" | "stopped" }> {
  switch (landing.kind) {
    case "merged":
    case "nothing":
      return { kind: "done" };
    case "conflicted": {
      const message = clashMessage(landing);
      if (task.onConflict !== "error" && tries.conflicts <= limits.conflictRetries) {
        return withinAttempts({ kind: "retry", afterMs: 0, message } as const, tries);
      }
      return { kind: "error", error: { kind: "conflict", message } };
    }
    case "rejected": {
      const message = landing.findings.map((finding) => finding.message).join("; ");
      return { kind: "error", error: { kind: "scope", message } };
    }
    case "unverified":
      return failed(task, tries, { kind: "verify", message: landing.message });
    default:
      return unreachable(landing);
  }
}

/** Another try while the plan allows one; a conflict that was not resolved stays one. */
function failed(
  task: Task,
  tries: Tries,
  error: TaskError,
): Extract<Step, { kind: "error" | "retry" }> {
  if (tries.resolving !== null) {
    const message = `${tries.resolving}; not resolved: ${error.message}`;
    return { kind: "error", error: { kind: "conflict", message } };
  }
  if (tries.counted > task.retries.max) return { kind: "error", error };
  const afterMs = backoff(task.retries, tries.counted);
  return { kind: "retry", afterMs, message: `${error.kind}: ${error.message}` };
}

function parked(
  task: Task,
  outcome: Extract<Outcome, { kind: "rate-limited" }>,
  tries: Tries,
  nowMs: number,
  againMs: number | null,
): Step {
  // A limit that never lifts must not keep a run open for ever.
  if (tries.limited > limits.refusals) {
    const message = `refused ${tries.limited} times: ${outcome.message}`;
    return { kind: "error", error: { kind: "rate-limit", message } };
  }
  if ((tries.limitedInRun ?? 0) > limitedInRunMax) {
    const message = `refused, and so were ${limitedInRunMax} attempts of the run before: ${outcome.message}`;
    return { kind: "error", error: { kind: "rate-limit", message } };
  }
  if (againMs !== null) return { kind: "park", untilMs: againMs, message: outcome.message };
  const named = outcome.until === null ? Number.NaN : Date.parse(outcome.until);
  const untilMs = Number.isNaN(named)
    ? nowMs + backoff(task.retries, tries.limited)
    : Math.min(Math.max(named, nowMs) + resetMarginMs, nowMs + limits.parkedDays * 86_400_000);
  return { kind: "park", untilMs, message: outcome.message };
}

/** How often a task may find the disk full, one time after the other: it may be the one that fills it. */
const fullMax = 20;

/** First pause after a full disk, in milliseconds, where the plan's own is shorter. */
const fullPauseMs = 1000;

function untilRoom(task: Task, message: string, tries: Tries, nowMs: number): Step {
  const told = `disk full: ${message}`;
  if (tries.limited > fullMax) {
    return { kind: "error", error: { kind: "failed", message: told } };
  }
  const pauseMs = Math.max(backoff(task.retries, tries.limited), fullPauseMs);
  return { kind: "park", untilMs: nowMs + pauseMs, message: told };
}

/** Doubles from `backoffMs`, never above `maxBackoffMs`. */
function backoff(retries: Retries, times: number): number {
  return Math.min(retries.backoffMs * 2 ** Math.max(times - 1, 0), retries.maxBackoffMs);
}
