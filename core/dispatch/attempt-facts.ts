import type { CooldownFact, Fact } from "../run/event.ts";
import type { Assignment } from "./assignment.ts";
import type { AttemptEnd } from "./attempt.ts";
import type { Landed } from "./hands.ts";

/** The fact that an attempt starts. `probes`: it finds out whether a provider that refused answers again. */
export function startedFact(assignment: Assignment, probes: boolean): Fact {
  const { task, number, model, isolation, clash, resolves, provider, instead } = assignment;
  const own = {
    ...{ task: task.id, attempt: number, runner: assignment.runner.name, model },
    ...(provider === null ? {} : { provider }),
    ...(probes ? { probes } : {}),
    ...(instead === null ? {} : { instead }),
  };
  const { touching } = task;
  const fact = { type: "attempt.started", ...own, isolation, touching } as const;
  if (!resolves || clash === null) return fact;
  const { attempt, paths, with: others } = clash;
  return { ...fact, resolves: { attempt, paths, with: others } };
}

/** The fact that an attempt has ended, with what it left. */
export function finishedFact(
  assignment: Assignment,
  end: AttemptEnd,
  cooldown: CooldownFact | null,
): Fact {
  const { snapshot } = end;
  return {
    type: "attempt.finished",
    task: assignment.task.id,
    attempt: assignment.number,
    outcome: end.outcome,
    durationMs: end.durationMs,
    usage: end.usage,
    kept: snapshot === null || snapshot.unchanged ? null : snapshot.commit,
    notes: end.notes,
    ...(end.findings.length === 0 ? {} : { findings: end.findings }),
    ...(cooldown === null ? {} : { cooldown }),
  };
}

/** The fact that a result has been landed, or why it was not. */
export function mergedFact(
  { task, number: attempt }: Assignment,
  { landing, warnings }: Landed,
): Fact {
  return { type: "merge.finished", task: task.id, attempt, landing, warnings };
}

/** The fact that a task waits until a time, epoch milliseconds, and for whom when it was refused. */
export function parkedFact(
  task: string,
  untilMs: number,
  { kind, message }: { readonly kind: "park" | "retry"; readonly message: string },
  provider: string | null,
): Fact {
  const until = new Date(untilMs).toISOString();
  const refused = kind === "park" && provider !== null ? { provider } : {};
  return { type: "task.parked", task, until, message, ...refused };
}

/** The fact that a task is not run because of another. */
export function skippedFact(task: string, because: string): Fact {
  return { type: "task.finished", task, status: "skipped", error: null, commit: null, because };
}
