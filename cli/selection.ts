import { ExitCode, RaError } from "../core/error.ts";
import { nearest } from "../core/nearest.ts";
import type { Plan, Task } from "../core/plan/plan.ts";

/**
 * The part of a plan that is to run: the tasks named by `only` with everything they need, without those a dispatch
 * file calls done. Throws `RaError` (exit 2) for an id that is not in the plan.
 */
export function selectTasks(plan: Plan, only: readonly string[]): Plan {
  const byId = new Map(plan.tasks.map((task) => [task.id, task]));
  for (const id of only) if (!byId.has(id)) throw unknownTask(id, [...byId.keys()]);
  const wanted = only.length === 0 ? new Set(byId.keys()) : withDependencies(byId, only);
  const chosen = plan.tasks.filter((task) => wanted.has(task.id) && !task.done);
  const left = new Set(chosen.map((task) => task.id));
  const tasks = chosen.map((task, position) => ({
    ...task,
    position,
    deps: task.deps.filter((dep) => left.has(dep)),
  }));
  return { ...plan, tasks };
}

function withDependencies(byId: ReadonlyMap<string, Task>, ids: readonly string[]): Set<string> {
  const found = new Set<string>();
  const open = [...ids];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    open.push(...(byId.get(id)?.deps ?? []));
  }
  return found;
}

function unknownTask(id: string, ids: readonly string[]): RaError {
  const like = nearest(id, ids);
  return new RaError({
    code: "TASK_UNKNOWN",
    exitCode: ExitCode.usage,
    message: `the plan has no task \`${id}\``,
    hint: like === undefined ? "see the ids with `ra graph`" : `did you mean \`${like}\`?`,
  });
}
