import { oneLine } from "../../core/plain-text.ts";
import type { TaskState } from "../../core/run/state.ts";

/** What a person should look at in what the tasks left, also where it did not land: the task and the finding. */
export function findingTexts(tasks: Iterable<TaskState>): string[] {
  return [...tasks].flatMap(({ task, attempts }) => {
    const messages = attempts.flatMap((attempt) => attempt.findings.map(({ message }) => message));
    return [...new Set(messages)].map((message) => `${task.id} ${oneLine(message)}`);
  });
}
