import { expect, test } from "bun:test";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { silentSince } from "../../cli/silence.ts";
import { processTable } from "../../cli/view/ps.ts";
import type { LiveProcess } from "../../core/run/model.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

const started = Date.UTC(2026, 0, 1, 12);
const minute = 60_000;

const process: LiveProcess = {
  ...{ id: "r1/a/1", type: "kernel", task: "do a", status: "running", touching: ["src/**"] },
  ...{ run: "r1", taskId: "a", requestId: null, runner: "kilo", model: null, pid: 7 },
  ...{ workspace: null, startedAt: new Date(started).toISOString() },
} as const;

/** Where the logs stand, the attempt's written last at that time; null: not yet. */
function logs(lastMs: number | null): string {
  const directory = temporaryDirectory("logs");
  const path = join(directory, "r1", "a", "1.log");
  if (lastMs === null) return directory;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "word");
  utimesSync(path, lastMs / 1000, lastMs / 1000);
  return directory;
}

test("a process is silent since its last word, or since its start, once that is a minute ago", () => {
  const spoken = logs(started + 5 * minute);

  expect(silentSince(process, spoken, started + 5.9 * minute)).toBeNull();
  expect(silentSince(process, spoken, started + 17 * minute)).toBe("2026-01-01T12:05:00.000Z");
  expect(silentSince(process, logs(null), started + 2 * minute)).toBe("2026-01-01T12:00:00.000Z");
  const waits = { ...process, status: "merging" } as const;
  expect(silentSince(waits, spoken, started + 17 * minute)).toBeNull();
});

test("`ra ps` says for how long", () => {
  const silent = { ...process, silentSince: new Date(started + 5 * minute).toISOString() };
  const activity = { processes: [silent], waiting: [], held: [], cooldowns: [] };

  expect(processTable(activity, started + 17 * minute, 100)).toContain("silent 12m");
});
