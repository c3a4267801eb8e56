import type { Task } from "../core/plan/plan.ts";

/** A task of a plan, for a result that was made without running it. */
export function makeTask(position: number): Task {
  return {
    id: `t${position}`,
    position,
    description: `task ${position}`,
    work: { kind: "command", command: "true" },
    runner: "shell",
    model: null,
    tier: null,
    difficulty: null,
    deps: [],
    parallel: true,
    isolation: null,
    touching: [],
    timeoutMs: 60_000,
    verify: null,
    retries: { max: 0, backoffMs: 0, maxBackoffMs: 0 },
    scope: "warn",
    onConflict: "error",
    allowNoChange: false,
    env: {},
    done: false,
  };
}
