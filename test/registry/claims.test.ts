import { expect, test } from "bun:test";
import type { Registry } from "../../core/registry/registry.ts";
import type { Fact } from "../../core/run/event.ts";
import type { ForeignClaim } from "../../core/run/log.ts";
import {
  attemptFinished,
  attemptStarted,
  me,
  nobody,
  runFinished,
  samplePlan,
  started,
  taskFinished,
} from "./sample.ts";
import { openRegistry, stateDirectory } from "./temporary.ts";

const begins = [started(samplePlan(["a", "b"])), attemptStarted("a", 1, ["src/**", "db/x"])];

test("another run sees live claims", async () => {
  const registry = await openRegistry();
  await registry.commit("mine", () => begins);

  expect(await claimsFor(registry, "other")).toEqual([
    { run: "mine", task: "a", glob: "db/x", live: true },
    { run: "mine", task: "a", glob: "src/**", live: true },
  ]);
  expect(await claimsFor(registry, "mine")).toEqual([]);
});

const ends: readonly (readonly [
  title: string,
  facts: readonly Fact[],
  live: readonly boolean[],
])[] = [
  ["success holds the claim until it lands", [attemptFinished("a")], [false, false]],
  ["success and its end hold it, too", [attemptFinished("a"), taskFinished("a")], [false, false]],
  ["no change frees it", [attemptFinished("a", 1, { kind: "unchanged" })], []],
  ["failure frees it", [attemptFinished("a", 1, { kind: "lost" })], []],
  ["a task that ends in error frees it", [attemptFinished("a"), taskFinished("a", "error")], []],
  ["yielding frees what is held", [attemptFinished("a"), { type: "claims.yielded" }], []],
  [
    "what ends after yielding is held again",
    [{ type: "claims.yielded" }, attemptFinished("a")],
    [false, false],
  ],
  ["yielding keeps what is live", [{ type: "claims.yielded" }], [true, true]],
  ["the run's end frees all", [runFinished("interrupted")], []],
  ["resuming frees all", [{ type: "run.resumed", owner: me() }], []],
];

for (const [title, facts, live] of ends) {
  test(title, async () => {
    const registry = await openRegistry();
    await registry.commit("mine", () => begins);

    await registry.commit("mine", () => facts);

    expect((await claimsFor(registry, "other")).map((claim) => claim.live)).toEqual([...live]);
  });
}

const grown = { type: "claim.extended", task: "a", attempt: 1, paths: ["docs/a.md"] } as const;

test("a claim that grew is held like the rest, and freed with it", async () => {
  const registry = await openRegistry();
  await registry.commit("mine", () => [...begins, attemptFinished("a"), grown]);

  const held = await claimsFor(registry, "other");
  await registry.commit("mine", () => [taskFinished("a", "error")]);

  expect(held.map(({ glob, live }) => [glob, live])).toEqual([
    ["db/x", false],
    ["docs/a.md", false],
    ["src/**", false],
  ]);
  expect(await claimsFor(registry, "other")).toEqual([]);
});

test("claims of a dead owner do not count", async () => {
  const registry = await openRegistry();
  const dead = started(samplePlan(["a"]), nobody);
  const reused = started(samplePlan(["a"]), { pid: process.pid, startTicks: 1 });
  await registry.commit("dead", () => [dead, attemptStarted("a", 1, ["src/**"])]);
  await registry.commit("late", () => [reused, attemptStarted("a", 1, ["src/**"])]);

  expect(await claimsFor(registry, "other")).toEqual([]);
});

test("runs that decide in the same transaction see each other's claims", async () => {
  const registry = await openRegistry();

  const [, claims] = await Promise.all([
    registry.commit("mine", () => begins),
    claimsFor(registry, "other"),
  ]);

  expect(claims).toHaveLength(2);
});

test("runs of two processes see each other's claims", async () => {
  const stateDir = stateDirectory();
  const [mine, theirs] = [await openRegistry(stateDir), await openRegistry(stateDir)];
  await mine.commit("mine", () => begins);

  expect(await claimsFor(theirs, "other")).toHaveLength(2);
});

test("what others claim is all of the other runs, and what is at work of the own", async () => {
  const registry = await openRegistry();
  const plan = samplePlan(["a", "b", "c"]);
  const ids = (["a", "b", "c"] as const).map((id) => attemptStarted(id, 1, [`${id}/**`]));
  const ended = [attemptFinished("b"), taskFinished("b"), attemptFinished("c")];
  await registry.commit("mine", () => [started(plan), ...ids, ...ended]);
  await registry.commit("other", () => [started(plan), attemptStarted("a", 1, ["other/**"])]);

  const claims = registry.claimsBeside("mine", "a");

  expect(claims.map(({ glob }) => glob)).toEqual(["other/**", "c/**"]);
});

test("a run waits when a task of it waits and none is under way", async () => {
  const registry = await openRegistry();
  const reason = { kind: "claim", glob: "src/**", by: "other/x", theirs: "src/**" } as const;
  const waits = async (): Promise<boolean> => {
    let answer = false;
    await registry.commit("other", (decision) => {
      decision.foreignClaims();
      answer = decision.waits("mine");
      return [];
    });
    return answer;
  };
  const plan = samplePlan(["a", "b", "c"]);
  await registry.commit("mine", () => [started(plan), attemptStarted("a", 1, ["src/**"])]);

  const answers = [await waits()];
  await registry.commit("mine", () => [{ type: "task.waiting", task: "b", reason }]);
  answers.push(await waits());
  await registry.commit("mine", () => [attemptFinished("a"), taskFinished("a")]);
  answers.push(await waits());

  expect(answers).toEqual([false, false, true]);
});

async function claimsFor(registry: Registry, run: string): Promise<readonly ForeignClaim[]> {
  let claims: readonly ForeignClaim[] = [];
  await registry.commit(run, (decision) => {
    claims = decision.foreignClaims();
    return [];
  });
  return claims;
}
