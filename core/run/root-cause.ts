import type { RunState, TaskState } from "./state.ts";

/** The task at the root of the chain for which a task was skipped; undefined when it was not. */
export function rootCause(state: RunState, task: TaskState): TaskState | undefined {
  const seen = new Set<TaskState>([task]);
  let cause = task.because === null ? undefined : state.tasks.get(task.because);
  while (cause?.because != null && !seen.has(cause)) {
    seen.add(cause);
    cause = state.tasks.get(cause.because);
  }
  return cause;
}
