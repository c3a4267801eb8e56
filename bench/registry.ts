import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Registry } from "../core/registry/registry.ts";
import { applyEvent, type RunState } from "../core/run/state.ts";
import * as sample from "../test/registry/sample.ts";

const tasksMax = 1_000;
const atOnce = 8;
const touching = process.argv.includes("--claims") ? ["src/**"] : [];

async function measure(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "ra-bench-"));
  const registry = await Registry.open({ stateDir: join(directory, "ra") });
  const ids = Array.from({ length: tasksMax }, (_, i) => `task-${i}`);
  const owner = sample.me();
  let wallMs = performance.now();
  let cpuMs = cpu();
  const plan = sample.samplePlan(ids);
  await registry.commit("r7k2", () => [sample.started(plan, owner)]);
  console.log(`run.started: cpu ${(cpu() - cpuMs).toFixed(1)} ms`);
  wallMs = performance.now();
  cpuMs = cpu();
  for (let i = 0; i < tasksMax + atOnce; i++) {
    const begins = ids[i];
    const ends = ids[i - atOnce];
    if (begins) registry.append("r7k2", [sample.attemptStarted(begins, 1, touching)]);
    if (begins) registry.append("r7k2", [sample.spawned(begins, 1, owner)]);
    if (ends) registry.append("r7k2", [sample.attemptFinished(ends)]);
    if (ends) registry.append("r7k2", [sample.taskFinished(ends)]);
    if (i % atOnce === 0) await Bun.sleep(2);
  }
  await registry.state("r7k2");
  const wall = performance.now() - wallMs;
  console.log(`4,000 events: cpu ${(cpu() - cpuMs).toFixed(1)} ms, wall ${wall.toFixed(0)} ms`);
  const events = await registry.read("r7k2", 0);
  cpuMs = cpu();
  let state: RunState | undefined;
  for (const event of events) state = applyEvent(state, event);
  console.log(`fold of ${events.length}: cpu ${(cpu() - cpuMs).toFixed(1)} ms`);
  await registry.close();
  rmSync(directory, { recursive: true });
}

async function idle(): Promise<void> {
  const cpuMs = cpu();
  for (let i = 0; i < (tasksMax + atOnce) / atOnce; i++) await Bun.sleep(2);
  console.log(`the loop alone: cpu ${(cpu() - cpuMs).toFixed(1)} ms`);
}

async function roundTrips(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "ra-bench-"));
  const registry = await Registry.open({ stateDir: join(directory, "ra") });
  await registry.commit("r7k2", () => [sample.started(sample.samplePlan(["a"]))]);
  const wallMs = performance.now();
  const cpuMs = cpu();
  for (let i = 0; i < 1_000; i++) {
    await registry.commit("r7k2", () => [{ type: "run.continued", by: "bench" }]);
  }
  const wall = performance.now() - wallMs;
  console.log(
    `1,000 commits, one by one: cpu ${(cpu() - cpuMs).toFixed(0)}, wall ${wall.toFixed(0)}`,
  );
  await registry.close();
  rmSync(directory, { recursive: true });
}

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

await idle();
for (let i = 0; i < 4; i++) await measure();
await roundTrips();
