import { ExitCode, RaError } from "../core/error.ts";
import { nearest } from "../core/nearest.ts";
import type { RunState, TaskState } from "../core/run/state.ts";

/** A run, or one task of it, as `RUN` or `RUN/TASK` names it. */
export interface Address {
  readonly run: string;
  readonly task: string | null;
}

/** Splits at the first slash: neither run ids nor task ids hold one. */
export function splitAddress(text: string): Address {
  const slash = text.indexOf("/");
  if (slash < 0) return { run: text, task: null };
  return { run: text.slice(0, slash), task: text.slice(slash + 1) };
}

/** The task a person means. Throws `RaError` (exit 2) when the run has none of that id. */
export function demandTask(state: RunState, id: string): TaskState {
  const task = state.tasks.get(id);
  if (task) return task;
  const near = nearest(id, state.tasks.keys());
  throw new RaError({
    code: "TASK_UNKNOWN",
    exitCode: ExitCode.usage,
    message: `run \`${state.id}\` has no task \`${id}\``,
    hint: near
      ? `did you mean \`${state.id}/${near}\`?`
      : `see its tasks with \`ra show ${state.id}\``,
  });
}
