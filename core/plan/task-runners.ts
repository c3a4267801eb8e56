import type { Task } from "./plan.ts";

/** Names of the runners that a task may be given to: its own, those that stand in for it, and who resolves its conflicts. */
export function runnersOf(task: Task): readonly string[] {
  const { runner, resolver, onConflict, fallback = [] } = task;
  const resolves = resolver === null || onConflict !== "agent" ? [] : [resolver];
  const names = [runner, ...[...fallback, ...resolves].map((each) => each.runner)];
  return names.length === 1 ? names : [...new Set(names)];
}
