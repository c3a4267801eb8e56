import type { CooldownFact } from "../run/event.ts";
import type { Outcome } from "../run/model.ts";
import type { Assignment } from "./assignment.ts";
import { afterAttempt, type Step } from "./policy.ts";
import type { Roster } from "./roster.ts";

/** Counts an attempt that ended and says what follows, who else may do the task included. `nowMs`: epoch milliseconds. */
export function nextStep(
  roster: Roster,
  { position, task }: Assignment,
  outcome: Outcome,
  cooldown: CooldownFact | null,
  nowMs: number,
): Step {
  const tries = roster.count(position, outcome);
  if (roster.passOver(position, outcome)) {
    const message = outcome.kind === "failed" ? outcome.message : outcome.kind;
    return { kind: "retry", afterMs: 0, message };
  }
  if (cooldown === null) return afterAttempt(task, outcome, tries, nowMs);
  const untilMs = Date.parse(cooldown.until);
  const isLong = untilMs - nowMs > (task.fallbackAfterMs ?? 0);
  const others = roster.route(position).instead ?? [];
  // Somebody else may have it at once; the schedule knows who is free.
  const againMs = isLong && others.length > 0 ? nowMs : untilMs;
  return afterAttempt(task, outcome, tries, nowMs, againMs);
}
