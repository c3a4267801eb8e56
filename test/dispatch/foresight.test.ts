import { describe, expect, test } from "bun:test";
import { Foresight } from "../../core/dispatch/foresight.ts";
import type { Fact } from "../../core/run/event.ts";
import type { Clash, WorkspaceRequest } from "../../core/workspace/workspace.ts";
import { ManualClock } from "../support/rig.ts";

const settle = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
};

const request = (task: string, base = "base"): WorkspaceRequest => {
  return { run: "r1", task, attempt: 1, isolation: "clone", base };
};

/** Foresight on a lookout that answers as told, and what it recorded. */
function makeForesight(options: { tip?: string } = {}) {
  const clock = new ManualClock();
  const facts: Fact[] = [];
  const looked: (readonly string[])[] = [];
  const answer: { clashes: readonly Clash[]; before?: () => void } = { clashes: [] };
  const foresight = new Foresight({
    lookout: {
      async look(tasks) {
        looked.push(tasks.map(({ task }) => task));
        answer.before?.();
        return answer.clashes;
      },
      [Symbol.asyncDispose]: async () => {},
    },
    clock,
    tip: () => options.tip ?? "base",
    record: (fact) => facts.push(fact),
  });
  const pass = async (): Promise<void> => {
    clock.advance(10_000);
    await settle();
  };
  return { foresight, facts, looked, answer, pass };
}

const clash: Clash = { task: "a", with: "b", paths: ["x"] };

describe("foresight", () => {
  test("tells of a clash once, however often it is seen and from whichever side", async () => {
    const { foresight, facts, answer, pass } = makeForesight();
    foresight.watch(request("a"));
    foresight.watch(request("b"));
    answer.clashes = [clash];

    await pass();
    answer.clashes = [
      { ...clash, task: "b", with: "a" },
      { ...clash, with: null },
    ];
    await pass();

    expect(facts).toEqual([
      { type: "conflict.foreseen", task: "a", with: "b", paths: ["x"] },
      { type: "conflict.foreseen", task: "a", with: null, paths: ["x"] },
    ]);
    await foresight[Symbol.asyncDispose]();
  });

  test("does not look while there is nothing to compare", async () => {
    const { foresight, looked, pass } = makeForesight();
    foresight.watch(request("a"));

    await pass();
    const alone = looked.length;
    foresight.watch(request("b"));
    await pass();
    foresight.leave("a");
    foresight.leave("b");
    await pass();

    expect([alone, looked.length]).toEqual([0, 1]);
    await foresight[Symbol.asyncDispose]();
  });

  test("looks at a single task when something has landed since it started", async () => {
    const { foresight, looked, pass } = makeForesight({ tip: "newer" });
    foresight.watch(request("a"));

    await pass();

    expect(looked).toEqual([["a"]]);
    await foresight[Symbol.asyncDispose]();
  });

  test("keeps silent about a task that ended while it was looked at", async () => {
    const { foresight, facts, answer, pass } = makeForesight();
    foresight.watch(request("a"));
    foresight.watch(request("b"));
    answer.clashes = [clash];
    answer.before = () => foresight.leave("a");

    await pass();

    expect(facts).toEqual([]);
    await foresight[Symbol.asyncDispose]();
  });

  test("goes on after a look that failed, and begins again with the next task", async () => {
    const { foresight, looked, answer, pass } = makeForesight();
    foresight.watch(request("a"));
    foresight.watch(request("b"));
    answer.before = () => {
      throw new Error("disk full");
    };

    await pass();
    await pass();
    foresight.leave("a");
    foresight.leave("b");
    await pass();
    foresight.watch(request("c", "old"));
    await pass();

    expect(looked).toEqual([["a", "b"], ["a", "b"], ["c"]]);
    await foresight[Symbol.asyncDispose]();
  });
});
