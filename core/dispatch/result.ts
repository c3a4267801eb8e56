import { oneLine } from "../plain-text.ts";
import type { Task } from "../plan/plan.ts";
import type { ChangedPath } from "../workspace/workspace.ts";

/** What a task left, ready to be merged. */
export interface Result {
  readonly task: Task;
  readonly attempt: number;
  readonly runner: string;
  /** The commit the attempt started from. */
  readonly base: string;
  /** Commit of the tree it left, on `base`. */
  readonly commit: string;
  readonly changes: readonly ChangedPath[];
}

/** Subject and trailers of a task's commit, as the contract words them. */
export function commitMessage(run: string, result: Result): string {
  const { task, attempt, runner } = result;
  const description = oneLine(task.description) || task.id;
  const trailers = [
    `Ra-Run: ${run}`,
    `Ra-Task: ${task.id}`,
    `Ra-Attempt: ${attempt}`,
    `Ra-Runner: ${runner}`,
  ];
  return `dispatch: task ${task.id} — ${description}\n\n${trailers.join("\n")}\n`;
}
