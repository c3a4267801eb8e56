import type { Living } from "../process/living.ts";
import type { Fact } from "../run/event.ts";
import { lostQuestions } from "../run/question.ts";
import type { RunState } from "../run/state.ts";
import type { RegistryDatabase } from "./database.ts";
import { processesByStart } from "./query.ts";
import { ownerOf } from "./rows.ts";

/** Runs that list a process which is dead, and whose owner is dead, too: nobody will record its end. */
export function abandonedRuns(database: RegistryDatabase): string[] {
  const abandoned = database
    .all(processesByStart)
    .filter(
      (row) =>
        !database.living.isAlive({ pid: row.pid, startTicks: row.ticks }) &&
        !database.living.isAttended(ownerOf(row)),
    );
  return [...new Set(abandoned.map(({ run }) => run))];
}

/** The end of each attempt whose process vanished while nobody watched. `nowMs`: the wall clock. */
export function lostAttempts(state: RunState | undefined, living: Living, nowMs: number): Fact[] {
  if (state === undefined || state.finishedAt !== null) return [];
  if (living.isAttended(state.owner)) return [];
  const facts: Fact[] = [];
  for (const [task, { attempts }] of state.tasks) {
    const attempt = attempts.at(-1);
    if (!attempt || attempt.outcome !== null || attempt.process === null) continue;
    if (living.isAlive(attempt.process)) continue;
    facts.push(...lostQuestions([[task, { attempts }]]), {
      type: "attempt.finished",
      task,
      attempt: attempt.number,
      outcome: { kind: "lost" },
      durationMs: Math.max(0, nowMs - Date.parse(attempt.startedAt)),
      usage: null,
      kept: null,
      notes: [],
    });
  }
  return facts;
}
