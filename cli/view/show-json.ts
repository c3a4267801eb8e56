import type { RunState, TaskState } from "../../core/run/state.ts";
import { spentOf } from "./budget.ts";

/** A run as `ra show --json` tells it. */
export function runJson(state: RunState): object {
  const { id, name, status, mode, concurrency, target, base, planPath, startedAt, finishedAt } =
    state;
  const { exitCode, published, discardedBranch = null, budget, overBudget } = state;
  const tasks = [...state.tasks.values()].map((task) => taskSummary(task));
  return {
    id,
    name,
    status,
    mode,
    concurrency,
    target,
    base,
    planPath,
    startedAt,
    finishedAt,
    exitCode,
    published,
    discardedBranch,
    budget,
    overBudget,
    spent: spentOf(state),
    tasks,
  };
}

function taskSummary({
  task,
  status,
  error,
  because,
  commit,
  attempts,
  waiting,
  parkedUntil,
  reverted,
  discarded,
}: TaskState): object {
  const { id, description, runner, deps, touching } = task;
  const tries = attempts.length;
  return {
    id,
    description,
    status,
    runner,
    deps,
    touching,
    commit,
    attempts: tries,
    error,
    because,
    waiting,
    parkedUntil,
    parkedBy: status === "parked" ? (attempts.at(-1)?.provider ?? null) : null,
    reverted: reverted ?? null,
    discarded: discarded ?? null,
  };
}

/** A task as `ra show --json` tells it, with its attempts. */
export function taskJson(state: RunState, task: TaskState): object {
  return { run: state.id, ...taskSummary(task), warnings: task.warnings, tries: task.attempts };
}
