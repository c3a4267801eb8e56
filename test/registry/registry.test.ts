import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { sql } from "kysely";
import { Bug } from "../../core/assert.ts";
import { RaError } from "../../core/error.ts";
import { registryPath } from "../../core/registry/database.ts";
import { Registry } from "../../core/registry/registry.ts";
import type { Event, Fact } from "../../core/run/event.ts";
import { onTestEnd } from "../support/leftovers.ts";
import { attemptFinished, attemptStarted, samplePlan, started, taskFinished } from "./sample.ts";
import { openRegistry, stateDirectory } from "./temporary.ts";

const going: Fact = { type: "run.continued", by: "ann" };

test("calls that arrive together share a transaction in the order of the calls", async () => {
  const registry = await openRegistry();
  const seen: (number | undefined)[] = [];
  const decide =
    (facts: readonly Fact[]) => (decision: { state: { lastSeq: number } | undefined }) => {
      seen.push(decision.state?.lastSeq);
      return facts;
    };

  registry.append("one", [started(samplePlan(["a"]))]);
  const [first, second, third] = await Promise.all([
    registry.commit("one", decide([going, going])),
    registry.commit("two", decide([started(samplePlan(["b"]))])),
    registry.commit("one", decide([going])),
  ]);

  expect(seen).toEqual([1, undefined, 3]);
  expect([first, second, third].map((events) => events?.map(({ seq }) => seq))).toEqual([
    [2, 3],
    [4],
    [5],
  ]);
});

test("an event comes back from the log as it was committed", async () => {
  const stateDir = stateDirectory();
  const registry = await openRegistry(stateDir);
  const told: Event[] = [];
  registry.subscribe((event) => told.push(event));

  const committed = await registry.commit("r7k2", () => [
    started(samplePlan(["a"])),
    attemptStarted("a", 1, ["src/**"]),
  ]);

  const other = await openRegistry(stateDir);
  expect(await other.read("r7k2", 0)).toEqual([...committed]);
  expect(await other.read("r7k2", 1)).toEqual(committed.slice(1));
  expect(told).toEqual([...committed]);
  expect(Object.keys(committed[0] ?? {}).slice(0, 5)).toEqual(["v", "seq", "at", "run", "type"]);
});

test("a decision that throws rejects its own call and adds nothing", async () => {
  const registry = await openRegistry();

  const answers = await Promise.allSettled([
    registry.commit("r7k2", () => [started(samplePlan(["a"]))]),
    registry.commit("r7k2", () => {
      throw new Error("changed my mind");
    }),
    registry.commit("r7k2", () => [going]),
  ]);

  expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect((await registry.read("r7k2", 0)).map(({ seq }) => seq)).toEqual([1, 2]);
});

test("facts that are impossible halfway add nothing, and their neighbours stand", async () => {
  const registry = await openRegistry();

  const [, before, broken, after] = await Promise.allSettled([
    registry.commit("r7k2", () => [started(samplePlan(["a", "b"]))]),
    registry.commit("r7k2", () => [attemptStarted("a")]),
    registry.commit("r7k2", () => [attemptStarted("b"), attemptStarted("b", 2)]),
    registry.commit("r7k2", ({ state }) => {
      expect(state?.tasks.get("b")?.status).toBe("pending");
      return [attemptFinished("a")];
    }),
  ]);

  expect([before?.status, broken?.status, after?.status]).toEqual([
    "fulfilled",
    "rejected",
    "fulfilled",
  ]);
  expect((broken as PromiseRejectedResult).reason).toBeInstanceOf(Bug);
  expect((await registry.read("r7k2", 0)).map(({ seq, type }) => `${seq} ${type}`)).toEqual([
    "1 run.started",
    "2 attempt.started",
    "3 attempt.finished",
  ]);
});

test("what is appended is in the state at once and on disk after closing", async () => {
  const stateDir = stateDirectory();
  const registry = await Registry.open({ stateDir });
  registry.append("r7k2", [started(samplePlan(["a"]))]);
  registry.append("r7k2", [attemptStarted("a")]);

  const status = (await registry.state("r7k2"))?.tasks.get("a")?.status;
  registry.append("r7k2", [attemptFinished("a")]);
  await registry.close();

  const other = await openRegistry(stateDir);
  expect(status).toBe("running");
  expect(await other.read("r7k2", 0)).toHaveLength(3);
});

test("an appended function is asked for its facts when they are written, in its turn", async () => {
  const registry = await openRegistry();
  let asked = 0;
  registry.append("r7k2", [started(samplePlan(["a"]))]);

  registry.append("r7k2", () => {
    asked += 1;
    return [attemptStarted("a")];
  });
  const early = asked;
  registry.append("r7k2", [attemptFinished("a")]);

  const events = await registry.read("r7k2", 0);
  expect([early, asked]).toEqual([0, 1]);
  expect(events.map(({ type }) => type)).toEqual([
    "run.started",
    "attempt.started",
    "attempt.finished",
  ]);
});

test("what is appended is written without anybody waiting", async () => {
  const registry = await openRegistry();
  const { promise, resolve } = Promise.withResolvers<Event>();
  registry.subscribe(resolve);

  registry.append("r7k2", [started(samplePlan(["a"]))]);

  expect((await promise).type).toBe("run.started");
});

test("an appended impossibility stops its run, and closing tells", async () => {
  const registry = await Registry.open({ stateDir: stateDirectory() });
  registry.append("r7k2", [going]);
  await registry.flush();

  const next = registry.commit("r7k2", () => [started(samplePlan(["a"]))]);

  await expect(next).rejects.toBeInstanceOf(Bug);
  await expect(registry.close()).rejects.toBeInstanceOf(Bug);
});

test("a listener that throws harms nobody", async () => {
  const registry = await openRegistry();
  const seqs: number[] = [];
  registry.subscribe(() => {
    throw new Error("deaf");
  });
  const leave = registry.subscribe(({ seq }) => seqs.push(seq));

  await registry.commit("r7k2", () => [started(samplePlan(["a"])), going]);
  leave();
  await registry.commit("r7k2", () => [going]);

  expect(seqs).toEqual([1, 2]);
});

test("a decision sees what another process has just recorded", async () => {
  const stateDir = stateDirectory();
  const [mine, theirs] = [await openRegistry(stateDir), await openRegistry(stateDir)];
  await mine.commit("r7k2", () => [started(samplePlan(["a"]))]);
  mine.changed();
  const quiet = mine.changed();
  await theirs.commit("r7k2", () => [attemptStarted("a")]);

  const events = await mine.commit("r7k2", ({ state }) => {
    expect(state?.tasks.get("a")?.status).toBe("running");
    return [attemptFinished("a")];
  });

  expect(events[0]?.seq).toBe(3);
  expect([quiet, mine.changed(), mine.changed()]).toEqual([false, true, false]);
});

test("a failed transaction rejects those who wait and keeps what was appended", async () => {
  const stateDir = stateDirectory();
  const registry = await openRegistry(stateDir, { busyMs: 1 });
  await registry.commit("r7k2", () => [started(samplePlan(["a"]))]);
  const blocker = new Database(registryPath(stateDir));
  onTestEnd(() => blocker.close());
  blocker.run("begin immediate");
  registry.append("r7k2", [attemptStarted("a")]);

  const refused = await registry.commit("r7k2", () => [attemptFinished("a")]).catch((e) => e);
  blocker.run("rollback");
  await registry.commit("r7k2", () => [attemptFinished("a"), taskFinished("a")]);

  expect(refused).toBeInstanceOf(RaError);
  expect(refused).toMatchObject({ code: "REGISTRY_BUSY", exitCode: 6 });
  expect((await registry.read("r7k2", 0)).map(({ type }) => type)).toEqual([
    "run.started",
    "attempt.started",
    "attempt.finished",
    "task.finished",
  ]);
});

test("a full disk rejects with exit 6 and leaves the fold as the log has it", async () => {
  const registry = await openRegistry();
  await registry.commit("r7k2", () => [started(samplePlan(["a"]))]);
  await sql`pragma max_page_count = 1`.execute(await registry.database.kysely());
  const large = "x".repeat(100_000);

  const refused = await registry
    .commit("r7k2", () => [attemptStarted("a"), { type: "run.continued", by: large }])
    .catch((error) => error);
  const after = (await registry.state("r7k2"))?.tasks.get("a")?.status;

  expect(refused).toMatchObject({ code: "REGISTRY_FULL", exitCode: 6 });
  expect(after).toBe("pending");
});
