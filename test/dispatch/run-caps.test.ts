import { describe, expect, test } from "bun:test";
import { afterAttempt, type Tries } from "../../core/dispatch/policy.ts";
import { RunCaps, reachedCap } from "../../core/dispatch/run-caps.ts";
import { limits } from "../../core/limits.ts";
import { makePlan, makeTask, startRig } from "../support/rig.ts";

const names = Array.from({ length: 12 }, (_, i) => `t${i}`);

describe("a run that has", () => {
  test("as many attempts as it may ends with exit code 5, what ran done and the rest stopped", async () => {
    const rig = await startRig(makePlan(names.map((id) => makeTask(id))), {
      concurrency: 2,
      caps: { events: 1_000, attempts: 10 },
    });

    for (const id of names.slice(0, 10)) {
      await rig.hands.started(id);
      rig.hands.end(id);
      await rig.settle();
    }
    const end = await rig.finished;

    const told = rig.log.events.filter(({ type }) => type.startsWith("limit."));
    expect(end).toEqual({ status: "stopped", exitCode: 5 });
    expect(Object.values(await rig.statuses())).toEqual([
      ...Array.from({ length: 10 }, () => "done"),
      ...["stopped", "stopped"],
    ]);
    expect(told).toMatchObject([
      { type: "limit.neared", limit: "attempts", count: 8, max: 10 },
      { type: "limit.reached", limit: "attempts", count: 10, max: 10 },
    ]);
    const state = await rig.log.state("r1");
    expect(state?.counts.events).toBe(rig.log.events.length);
    expect(reachedCap({ events: 0, attempts: limits.attemptsOfRun })).toBe("attempts");
  });

  test("more events than it may starts nothing more, and lets what runs end", async () => {
    const rig = await startRig(makePlan(names.map((id) => makeTask(id))), {
      concurrency: 2,
      caps: { events: 20, attempts: 1_000 },
    });

    while (rig.hands.live.size > 0) {
      for (const id of [...rig.hands.live.keys()]) rig.hands.end(id);
      await rig.settle();
    }

    expect(await rig.finished).toEqual({ status: "stopped", exitCode: 5 });
    const all = Object.values(await rig.statuses());
    expect(new Set(all)).toEqual(new Set(["done", "stopped"]));
  });

  test("counted in an earlier process goes on counting there", async () => {
    const rig = await startRig(makePlan([makeTask("a")]));
    const caps = new RunCaps({
      ...{ log: rig.log, run: "r1", caps: { events: 1_000, attempts: 5 } },
      counts: { events: 10, attempts: 5 },
    });

    expect(caps.allow()).toBe(false);

    rig.hands.end("a");
    await rig.finished;
  });
});

describe("a task that was tried", () => {
  const task = makeTask("a", { retries: { max: 100, backoffMs: 10, maxBackoffMs: 100 } });
  const tries = (attempts: number): Tries => ({
    ...{ counted: 1, limited: 1, conflicts: 0, resolving: null },
    attempts,
  });

  test("as often as it may is tried no more, and says why", () => {
    const outcomes = [
      { kind: "failed", message: "exit 1" },
      { kind: "rate-limited", until: null, message: "429" },
    ] as const;

    const steps = outcomes.map((outcome) => afterAttempt(task, outcome, tries(1_000), 0));

    expect(steps).toMatchObject([
      { kind: "error", error: { kind: "failed", message: expect.stringContaining("exit 1") } },
      {
        kind: "error",
        error: { kind: "rate-limit", message: expect.stringContaining("1000 times") },
      },
    ]);
  });

  test("nearly so often is told of", () => {
    const outcome = { kind: "failed", message: "exit 1" } as const;

    expect(afterAttempt(task, outcome, tries(799), 0)).toMatchObject({ message: "failed: exit 1" });
    expect(afterAttempt(task, outcome, tries(800), 0)).toMatchObject({
      kind: "retry",
      message: "failed: exit 1 (attempt 800 of at most 1000)",
    });
  });
});
