import type { Fact } from "../run/event.ts";
import type { Assignment } from "./assignment.ts";
import type { AttemptEnd } from "./attempt.ts";

/** The fact that an attempt starts. */
export function startedFact(assignment: Assignment): Fact {
  const { task, number, model, isolation, clash, resolves } = assignment;
  const own = { task: task.id, attempt: number, runner: assignment.runner.name, model };
  const { touching } = task;
  const fact = { type: "attempt.started", ...own, isolation, touching } as const;
  if (!resolves || clash === null) return fact;
  const { attempt, paths, with: others } = clash;
  return { ...fact, resolves: { attempt, paths, with: others } };
}

/** The fact that an attempt has ended, with what it left. */
export function finishedFact(assignment: Assignment, end: AttemptEnd): Fact {
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
  };
}
