import type { AttemptName } from "../id.ts";
import { atWorkStatuses } from "../run/model.ts";
import type { RegistryDatabase } from "./database.ts";
import { ownerColumns, ownerOf } from "./rows.ts";
import { statement } from "./statement.ts";

/**
 * Attempts at work, or whose result has not been landed or given up yet, that are in a directory or name none so far. The
 * joins keep this order: few runs are open, while attempts are as many as ever were.
 */
const openAttempts = statement((tables, workspace: string) =>
  tables
    .selectFrom("runs")
    .crossJoin("tasks")
    .crossJoin("attempts")
    .select(["runs.id", "attempts.task", "attempts.number", "attempts.workspace", ...ownerColumns])
    .where("runs.finished_at", "is", null)
    .whereRef("tasks.run", "=", "runs.id")
    .where("tasks.status", "in", atWorkStatuses)
    .whereRef("attempts.run", "=", "runs.id")
    .whereRef("attempts.position", "=", "tasks.position")
    .whereRef("attempts.number", "=", "tasks.attempts")
    .where((where) =>
      where.or([
        where("attempts.workspace", "=", workspace),
        where.and([where("attempts.workspace", "is", null), where("attempts.ended", "is", null)]),
      ]),
    ),
);
const startOfAttempt = statement((tables, run: string, task: string, attempt: number) =>
  tables
    .selectFrom("events")
    .select(["seq", "body"])
    .where("run", "=", run)
    .where("type", "=", "attempt.started")
    .where("task", "=", task)
    .where("attempt", "=", attempt),
);

/**
 * Runs with an attempt in a directory that is at work, or whose result has not been landed or given up yet, and those
 * that have begun an attempt in place without a program so far: with `than` only the ones that began before that, so
 * that of two that look at the same moment one goes first. Runs whose `ra` died are left out.
 */
export function occupants(
  database: RegistryDatabase,
  workspace: string,
  than: AttemptName | null = null,
): string[] {
  const seq = than === null ? Number.POSITIVE_INFINITY : (startInPlace(database, than) ?? 0);
  const isThere = (row: { id: string; task: string; number: number; workspace: string | null }) => {
    if (row.workspace !== null) return true;
    const began = startInPlace(database, { run: row.id, task: row.task, attempt: row.number });
    return began !== null && began < seq;
  };
  const rows = database
    .all(openAttempts, workspace)
    .filter((row) => database.living.isAttended(ownerOf(row)) && isThere(row));
  return [...new Set(rows.map(({ id }) => id))];
}

/** Where in the log an attempt began; null when it works in a directory of its own. */
function startInPlace(
  database: RegistryDatabase,
  { run, task, attempt }: AttemptName,
): number | null {
  const [start] = database.all(startOfAttempt, run, task, attempt);
  return start && JSON.parse(start.body).isolation === "in-place" ? start.seq : null;
}
