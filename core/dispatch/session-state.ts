import { rmSync } from "node:fs";
import { join } from "node:path";
import type { RunState } from "../run/state.ts";
import { hasEnded, type TaskState } from "../run/task.ts";

/** Where the agents of a task keep what their sessions need. `logs`: the directory of its run's logs. */
export function sessionStateDir(logs: string, task: string): string {
  return join(logs, task, "session");
}

/** Removes what agents kept for sessions that nobody goes on with any more. `logs`: the directory of the run's logs. */
export function dropSessionState(logs: string, { tasks }: RunState): void {
  const over = [...tasks.values()].filter((each) => each.task.continueSession && isOver(each));
  for (const { task } of over) {
    rmSync(sessionStateDir(logs, task.id), { recursive: true, force: true });
  }
}

/** A resume opens a task again that was stopped with its run, or that has a new budget. */
function isOver(task: TaskState): boolean {
  if (!hasEnded(task) || task.error?.kind === "budget") return false;
  return task.status !== "stopped" || task.stoppedBy !== undefined;
}
