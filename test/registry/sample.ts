import type { ProcessIdentity, RunOwner } from "../../core/id.ts";
import type { Plan, Task } from "../../core/plan/plan.ts";
import { processIdentity } from "../../core/process/table.ts";
import type { Fact } from "../../core/run/event.ts";
import type { Outcome } from "../../core/run/model.ts";

/** A task with every default of the contract. */
export function sampleTask(id: string, more: Partial<Task> = {}): Task {
  return {
    id,
    position: 0,
    description: `Do ${id}`,
    work: { kind: "prompt", prompt: `Do ${id}` },
    runner: "claude",
    model: "opus",
    tier: null,
    difficulty: null,
    deps: [],
    parallel: true,
    isolation: null,
    touching: [],
    keep: [],
    timeoutMs: 300_000,
    verify: null,
    verifyLimits: { timeoutMs: 60_000, tries: 1 },
    retries: { max: 0, backoffMs: 0, maxBackoffMs: 0 },
    scope: "warn",
    onConflict: "error",
    resolver: null,
    allowNoChange: false,
    env: {},
    done: false,
    ...more,
  };
}

/** A plan of tasks that depend on nothing, in the order given. */
export function samplePlan(tasks: readonly (string | Task)[], name = "checkout rewrite"): Plan {
  return {
    name,
    mode: "auto",
    concurrency: null,
    base: "HEAD",
    target: "main",
    models: {},
    shared: [],
    tasks: tasks.map((task, position) => ({
      ...(typeof task === "string" ? sampleTask(task) : task),
      position,
    })),
    format: "plan",
  };
}

/** This process. */
export function me(): ProcessIdentity {
  return processIdentity(process.pid);
}

/** A process that cannot exist: its pid is above the kernel's limit of 2^22. */
export const nobody: ProcessIdentity = { pid: 2 ** 22 + 1, startTicks: 1 };

export function started(plan: Plan, owner: RunOwner = me()): Fact {
  return {
    type: "run.started",
    name: plan.name,
    planPath: "plan.yaml",
    plan,
    mode: "auto",
    concurrency: 3,
    target: "main",
    base: "c0ffee",
    owner,
    requestId: null,
  };
}

export function attemptStarted(task: string, attempt = 1, touching: readonly string[] = []): Fact {
  return {
    type: "attempt.started",
    task,
    attempt,
    runner: "claude",
    model: "opus",
    isolation: "clone",
    touching,
  };
}

export function spawned(task: string, attempt = 1, process: ProcessIdentity = me()): Fact {
  return {
    type: "process.spawned",
    task,
    attempt,
    process,
    workspace: `/w/${task}`,
    base: "c0ffee",
  };
}

export function attemptFinished(
  task: string,
  attempt = 1,
  outcome: Outcome = { kind: "succeeded", commit: "beef" },
  durationMs = 1_200,
): Fact {
  const rest = { usage: null, kept: null, notes: [] };
  return { type: "attempt.finished", task, attempt, outcome, durationMs, ...rest };
}

export function taskFinished(
  task: string,
  status: "done" | "error" | "skipped" | "stopped" = "done",
  because?: string,
): Fact {
  const error = status === "error" ? ({ kind: "failed", message: "exit code 1" } as const) : null;
  const base = { type: "task.finished", task, status, error, commit: null } as const;
  return because === undefined ? base : { ...base, because };
}

export function runFinished(status: "succeeded" | "interrupted" | "stopped" = "succeeded"): Fact {
  return { type: "run.finished", status, exitCode: 0, published: null, tasks: [] };
}
