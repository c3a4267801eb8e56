import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RegistryDatabase, registryPath } from "../core/registry/database.ts";
import { History } from "../core/registry/history.ts";
import { Registry } from "../core/registry/registry.ts";
import type { Event, Fact } from "../core/run/event.ts";
import * as sample from "../test/registry/sample.ts";
import { ra } from "./place.ts";
import { median } from "./ratio.ts";

/** How long `ra ps` takes with many events recorded, beside an empty registry: `bun bench/events.ts [EVENTS]`. */
const eventsMax = Number(process.argv[2] ?? 1_000_000);
const rounds = 15;
const tasks = Array.from({ length: 250 }, (_, i) => `task-${i}`);

/** One run that has ended: about a thousand events. */
function runOf(run: string): Fact[] {
  return [
    { ...sample.started(sample.samplePlan(tasks, run), sample.nobody) },
    ...tasks.flatMap((id) => [
      sample.attemptStarted(id),
      sample.spawned(id, 1, sample.nobody),
      sample.attemptFinished(id),
      sample.taskFinished(id),
    ]),
    sample.runFinished(),
  ];
}

async function fill(stateDir: string, events: number): Promise<void> {
  const database = await RegistryDatabase.open(stateDir);
  const history = new History(database);
  let seq = 0;
  for (let number = 0; seq < events; number++) {
    const run = `r${number.toString(36).padStart(5, "0")}`;
    const at = new Date(Date.UTC(2026, 0, 1) + number * 60_000).toISOString();
    const rows = runOf(run).map((fact): Event => ({ v: 1, seq: ++seq, at, run, ...fact }));
    database.immediate(() => history.insert(rows));
  }
  database.close();
  await using registry = await Registry.open({ stateDir });
  await registry.rebuild();
}

const top = mkdtempSync(join(tmpdir(), "ra-bench-"));
try {
  const dirs = ["empty", "full"].map((name) => join(top, name));
  const [empty = "", full = ""] = dirs;
  for (const dir of dirs) Bun.spawnSync(["mkdir", "-p", join(dir, ".ra")]);
  await fill(join(empty, ".ra"), 0);
  await fill(join(full, ".ra"), eventsMax);
  const took = { empty: [] as number[], full: [] as number[] };
  const time = (cwd: string): number => {
    const started = performance.now();
    const done = Bun.spawnSync([ra, "ps"], { cwd, env: { ...process.env, HOME: top } });
    if (done.exitCode !== 0) throw new Error(done.stderr.toString());
    return performance.now() - started;
  };
  for (let round = 0; round <= rounds; round++) {
    const pair = { empty: time(empty), full: time(full) };
    if (round === 0) continue;
    took.empty.push(pair.empty);
    took.full.push(pair.full);
  }
  // What a long run appends: the log beside the file must not grow with it.
  await using registry = await Registry.open({ stateDir: join(full, ".ra") });
  let wal = 0;
  await registry.commit("long", () => [sample.started(sample.samplePlan(["a"]))]);
  for (let i = 0; i < 20_000; i++) {
    registry.append("long", [{ type: "run.continued", by: "bench" }]);
    if (i % 50 === 0) await registry.flush();
    if (i % 1_000 === 0)
      wal = Math.max(wal, statSync(`${registryPath(join(full, ".ra"))}-wal`).size);
  }
  const [one, other] = [median(took.empty), median(took.full)];
  const size = statSync(registryPath(join(full, ".ra"))).size;
  process.stdout.write(
    `ra ps, ${eventsMax} events: ${other.toFixed(0)} ms, empty: ${one.toFixed(0)} ms, ratio ${(other / one).toFixed(2)}\n` +
      `registry ${(size / 1e6).toFixed(0)} MB, log beside it at most ${(wal / 1e6).toFixed(1)} MB over 20,000 more events\n`,
  );
} finally {
  rmSync(top, { recursive: true, force: true });
}
