import { expect, test } from "bun:test";
import type { Registry } from "../../core/registry/registry.ts";
import type { Cooldown } from "../../core/run/cooldown.ts";
import type { Fact } from "../../core/run/event.ts";
import { attemptFinished, attemptStarted, nobody, samplePlan, started } from "./sample.ts";
import { openRegistry, stateDirectory } from "./temporary.ts";

const provider = "kilo/openrouter";

function refused(untilMs: number, task = "a", attempt = 1): Fact {
  const until = new Date(untilMs).toISOString();
  const outcome = { kind: "rate-limited", until, message: "status 429" } as const;
  const fact = attemptFinished(task, attempt, outcome);
  return { ...fact, cooldown: { provider, until, times: 1 } } as Fact;
}

function asks(task: string, attempt = 1): Fact {
  return { ...attemptStarted(task, attempt), provider, probes: true } as Fact;
}

async function standing(registry: Registry, run: string): Promise<readonly Cooldown[]> {
  let found: readonly Cooldown[] = [];
  await registry.commit(run, ({ cooldowns }) => {
    found = cooldowns();
    return [];
  });
  return found;
}

test("a refusal of one run stands for all runs on the registry, in other processes too", async () => {
  const stateDir = stateDirectory();
  const [one, two] = [await openRegistry(stateDir), await openRegistry(stateDir)];
  const untilMs = Date.now() + 60_000;
  await one.commit("one", () => [
    started(samplePlan(["a"])),
    attemptStarted("a"),
    refused(untilMs),
  ]);
  await two.commit("two", () => [started(samplePlan(["b"]))]);

  const own = await standing(one, "one");
  const others = await standing(two, "two");

  expect(others).toEqual(own);
  expect(others).toMatchObject([
    { provider, run: "one", task: "a", until: new Date(untilMs).toISOString(), probe: null },
  ]);
});

test("the later of two ends counts, and an answer in any run ends them all", async () => {
  const stateDir = stateDirectory();
  const [one, two] = [await openRegistry(stateDir), await openRegistry(stateDir)];
  const [soonMs, lateMs] = [Date.now() + 1_000, Date.now() + 60_000];
  await one.commit("one", () => [started(samplePlan(["a"])), attemptStarted("a"), refused(lateMs)]);
  await two.commit("two", () => [
    started(samplePlan(["b"])),
    attemptStarted("b"),
    refused(soonMs, "b"),
  ]);
  const both = await standing(two, "two");

  await two.commit("two", () => [
    asks("b", 2),
    { type: "cooldown.ended", task: "b", attempt: 2, provider },
  ]);

  expect(both).toMatchObject([{ run: "one", until: new Date(lateMs).toISOString() }]);
  expect(await standing(one, "one")).toEqual([]);
  expect(await standing(two, "two")).toEqual([]);
});

test("one attempt of all runs asks, and that of a dead owner does not count", async () => {
  const stateDir = stateDirectory();
  const registry = await openRegistry(stateDir);
  const plan = samplePlan(["a", "b"]);
  await registry.commit("one", () => [started(plan), attemptStarted("a"), refused(Date.now())]);
  await registry.commit("two", () => [started(plan), asks("b")]);
  await registry.commit("dead", () => [started(plan, nobody)]);

  const [alive] = await standing(registry, "one");
  await registry.commit("two", () => [attemptFinished("b", 1, { kind: "crashed", message: "" })]);
  await registry.commit("dead", () => [asks("b")]);
  const [dead] = await standing(registry, "one");

  expect(alive?.probe).toEqual({ run: "two", task: "b", attempt: 1 });
  expect(dead?.probe).toBeNull();
});

test("a rebuilt registry says the same", async () => {
  const registry = await openRegistry();
  const plan = samplePlan(["a", "b"]);
  await registry.commit("one", () => [
    started(plan),
    attemptStarted("a"),
    refused(Date.now() + 60_000),
  ]);
  await registry.commit("two", () => [started(plan), asks("b")]);
  const before = await standing(registry, "three");

  await registry.rebuild();

  expect(before).toHaveLength(1);
  expect(await standing(registry, "three")).toEqual(before);
});
