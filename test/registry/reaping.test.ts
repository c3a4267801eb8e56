import { expect, test } from "bun:test";
import type { ProcessIdentity } from "../../core/id.ts";
import { isAlive } from "../../core/process/table.ts";
import { liveProcesses } from "../../core/registry/query.ts";
import { statement } from "../../core/registry/statement.ts";
import { onTestEnd } from "../support/leftovers.ts";
import {
  attemptFinished,
  attemptStarted,
  me,
  nobody,
  samplePlan,
  spawned,
  started,
} from "./sample.ts";
import { openRegistry } from "./temporary.ts";

const processRows = statement((tables) => tables.selectFrom("processes").selectAll());

test("a process whose owner died with it is recorded as lost and leaves the list", async () => {
  const registry = await openRegistry();
  await registry.commit("r7k2", () => [
    started(samplePlan(["a", "b"]), nobody),
    attemptStarted("a"),
    spawned("a", 1, nobody),
  ]);

  const events = await registry.reap();
  const again = await registry.reap();

  expect(events).toMatchObject([
    { type: "attempt.finished", task: "a", attempt: 1, outcome: { kind: "lost" } },
  ]);
  expect(again).toEqual([]);
  expect((await registry.state("r7k2"))?.tasks.get("a")?.status).toBe("pending");
  expect(registry.database.all(processRows)).toEqual([]);
});

const spared: readonly (readonly [title: string, owner: ProcessIdentity, own: ProcessIdentity])[] =
  [
    ["a dead process of a living owner is the owner's to record", me(), nobody],
    ["a living process of a dead owner stays listed", nobody, me()],
  ];

for (const [title, owner, own] of spared) {
  test(title, async () => {
    const registry = await openRegistry();
    await registry.commit("r7k2", () => [
      started(samplePlan(["a"]), owner),
      attemptStarted("a"),
      spawned("a", 1, own),
    ]);

    const events = await registry.reap();

    expect(events).toEqual([]);
    expect(liveProcesses(registry.database)).toHaveLength(1);
  });
}

test("a process that died unseen is not listed even before it is reaped", async () => {
  const registry = await openRegistry();
  await registry.commit("r7k2", () => [
    started(samplePlan(["a"]), nobody),
    attemptStarted("a"),
    spawned("a", 1, nobody),
  ]);

  expect(liveProcesses(registry.database)).toEqual([]);
});

test("a process is listed from its start to its end", async () => {
  const registry = await openRegistry();
  const count = (): number => liveProcesses(registry.database).length;

  await registry.commit("r7k2", () => [started(samplePlan(["a"])), attemptStarted("a")]);
  const before = count();
  await registry.commit("r7k2", () => [spawned("a")]);
  const during = count();
  await registry.commit("r7k2", () => [attemptFinished("a")]);

  expect([before, during, count()]).toEqual([0, 1, 0]);
});

test("a later process with the same pid is another process", () => {
  expect(isAlive(me())).toBe(true);
  expect(isAlive({ pid: process.pid, startTicks: 1 })).toBe(false);
  expect(isAlive(nobody)).toBe(false);
});

test("a process that nobody has buried yet is dead", async () => {
  // The shell starts a child that ends at once and turns itself into `sleep`, which never waits for it.
  const parent = Bun.spawn(["sh", "-c", "true & echo $!; exec sleep 60"], { stdout: "pipe" });
  onTestEnd(async () => {
    parent.kill("SIGKILL");
    await parent.exited;
  });
  const { value } = await parent.stdout.getReader().read();
  const child = Number(new TextDecoder().decode(value));

  while (isAlive({ pid: child, startTicks: null })) await new Promise(setImmediate);

  expect(isAlive({ pid: parent.pid, startTicks: null })).toBe(true);
});
