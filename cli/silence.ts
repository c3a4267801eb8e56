import { statSync } from "node:fs";
import { join } from "node:path";
import type { LiveProcess } from "../core/run/model.ts";

/** A shorter pause is no news, in milliseconds. */
const worthTellingMs = 60_000;

/** A live process, and since when its programs have printed nothing; null while that is no news. */
export type Heard = LiveProcess & { readonly silentSince: string | null };

/**
 * Since when a process has printed nothing, as the log of its attempt tells, which is written at every word. `logs`: where
 * those of all runs stand. ISO 8601.
 */
export function silentSince(process: LiveProcess, logs: string, nowMs: number): string | null {
  if (process.status !== "running") return null;
  const lastMs = Math.max(
    Date.parse(process.startedAt),
    lastWordMs(join(logs, `${process.id}.log`)),
  );
  return nowMs - lastMs < worthTellingMs ? null : new Date(lastMs).toISOString();
}

/** When a log was written last; 0 when there is none yet. */
function lastWordMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
