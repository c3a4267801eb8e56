import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkLog } from "../core/dispatch/verify.ts";
import type { Task } from "../core/plan/plan.ts";
import type { RunState } from "../core/run/state.ts";

/** One log file of a task. */
export interface TaskLog {
  readonly title: string;
  readonly path: string;
  /** False once nothing is added to it. */
  readonly isOpen: boolean;
}

/** Which logs are wanted. */
export interface WantedLogs {
  /** Null: those of all tasks. */
  readonly task: string | null;
  /** Undefined: the newest. */
  readonly attempt: number | undefined;
  /** Directory of the run's logs. */
  readonly logs: string;
}

/**
 * The log files that are wanted, in the order of the plan: the newest attempt of each task unless one is named, and
 * those before it that are being followed already.
 */
export function logsOf(
  state: RunState,
  wanted: WantedLogs,
  known: ReadonlyMap<string, unknown> = new Map(),
): TaskLog[] {
  return [...state.tasks.values()].flatMap(({ task, attempts, finishedAt }) => {
    if (wanted.task !== null && wanted.task !== task.id) return [];
    return attempts.flatMap(({ number, outcome }) => {
      const directory = join(wanted.logs, task.id);
      const own = { title: task.id, path: join(directory, `${number}.log`), isOpen: !outcome };
      const isAsked = number === (wanted.attempt ?? attempts.length);
      if (!isAsked && (wanted.attempt !== undefined || !known.has(own.path))) return [];
      const isOpen = number === attempts.length && finishedAt === null;
      return [own, ...checkLogsOf(directory, task, number).map((log) => ({ ...log, isOpen }))];
    });
  });
}

/** The first try of a check, whether it has begun or not, and those after it that have. */
function checkLogsOf(
  directory: string,
  { id, verifyLimits }: Task,
  attempt: number,
): Omit<TaskLog, "isOpen">[] {
  const first = { title: `${id} verify`, path: join(directory, checkLog(`${attempt}`, 1)) };
  const logs = [first];
  for (let tries = 2; tries <= verifyLimits.tries; tries++) {
    const path = join(directory, checkLog(`${attempt}`, tries));
    if (!existsSync(path)) break;
    logs.push({ title: `${first.title}, try ${tries}`, path });
  }
  return logs;
}
