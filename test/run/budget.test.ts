import { expect, test } from "bun:test";
import type { Event, Fact } from "../../core/run/event.ts";
import { spentBy, spentByAll } from "../../core/run/spending.ts";
import { applyEvent, type RunState } from "../../core/run/state.ts";
import {
  attemptFinished,
  attemptStarted,
  nobody,
  runFinished,
  samplePlan,
  sampleTask,
  started,
  taskFinished,
} from "../registry/sample.ts";

const plan = samplePlan([sampleTask("a", { budget: { usd: 1, tokens: 9 } }), "b", "c"]);

test("a resume raises what it names, and brings back tasks that used up their budget and what needed them", () => {
  const over: Fact = {
    type: "task.finished",
    task: "a",
    status: "error",
    error: { kind: "budget", message: "used up" },
    commit: null,
  };
  const skipped: Fact = { ...taskFinished("b", "skipped"), because: "a" } as Fact;
  const facts = [
    started({ ...plan, budget: { usd: 5 } }),
    over,
    skipped,
    taskFinished("c", "error"),
    { type: "budget.reached", measure: "usd", used: 5, limit: 5 } as const,
    { type: "budget.reached", task: "a", measure: "usd", used: 1, limit: 1 } as const,
    runFinished("stopped"),
  ];

  const before = fold(facts.map((fact) => [0, fact]));
  const told = before.overBudget;
  const plain = fold([...facts, resumed({})].map((fact) => [0, fact]));
  const raised = fold(
    [...facts, resumed({ budget: { usd: 8 }, budgets: { a: { usd: 3 } } })].map((fact) => [
      0,
      fact,
    ]),
  );

  expect(told).toEqual({ measure: "usd", used: 5, limit: 5 });
  expect(statuses(plain)).toEqual(["error", "skipped", "error"]);
  expect(statuses(raised)).toEqual(["pending", "pending", "error"]);
  expect(raised.budget).toEqual({ usd: 8 });
  expect(raised.tasks.get("a")?.budget).toEqual({ usd: 3, tokens: 9 });
  expect(raised.overBudget).toBeNull();
});

test("the time of a run is that for which it was driven, also when its owner died", () => {
  const request: Fact = { type: "request.received", action: "stop", by: "ann" };
  const state = fold([
    [0, started(plan)],
    [5_000, attemptStarted("a")],
    // The owner is dead from here on; others write about it.
    [600_000, request],
    [700_000, attemptFinished("a", 1, { kind: "lost" })],
    [1_000_000, resumed({})],
    [1_002_000, runFinished("interrupted")],
    [5_000_000, resumed({})],
    [5_000_500, runFinished("interrupted")],
  ]);

  expect(state.drivenMs).toBe(5_000 + 2_000 + 500);
});

test("what attempts used is summed, and what they did not tell is counted", () => {
  const commands = sampleTask("make", { work: { kind: "command", command: "make" } });
  const usages = [
    { inputTokens: 10, outputTokens: 5, costUsd: 0.5 },
    { inputTokens: null, outputTokens: 7, costUsd: null },
    null,
  ];
  const facts: Fact[] = [started(samplePlan(["a", { ...commands, runner: "claude" }]))];
  usages.forEach((usage, i) => {
    const failed = attemptFinished("a", i + 1, { kind: "failed", message: "" });
    facts.push(attemptStarted("a", i + 1), { ...failed, usage } as Fact);
  });
  facts.push(attemptStarted("make"), attemptFinished("make"));
  const state = fold(facts.map((fact) => [0, fact]));

  const spent = spentByAll(state.tasks.values());
  const make = state.tasks.get("make");

  expect(spent).toMatchObject({
    usd: 0.5,
    tokens: 22,
    attempts: 3,
    usdUnknown: 2,
    tokensUnknown: 1,
  });
  expect(make && spentBy(make).attempts).toBe(0);
});

function resumed(more: Partial<Extract<Fact, { type: "run.resumed" }>>): Fact {
  return { type: "run.resumed", owner: nobody, ...more };
}

function statuses(state: RunState): string[] {
  return [...state.tasks.values()].map(({ status }) => status);
}

function fold(facts: readonly (readonly [number, Fact])[]): RunState {
  let state: RunState | undefined;
  facts.forEach(([ms, fact], i) => {
    const at = new Date(Date.UTC(2026, 0, 1) + ms).toISOString();
    const event = { v: 1, seq: i + 1, at, run: "r1", ...fact } as Event;
    state = applyEvent(state, event);
  });
  return state as RunState;
}
