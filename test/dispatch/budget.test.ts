import { describe, expect, test } from "bun:test";
import type { Plan } from "../../core/plan/plan.ts";
import type { Usage } from "../../core/run/model.ts";
import { makePlan, makeTask, type Rig, startRig } from "../support/rig.ts";

const work = { kind: "prompt", prompt: "work" } as const;
const done = { kind: "succeeded", commit: null } as const;
const minute = 60_000;

function agent(id: string, more: Partial<Parameters<typeof makeTask>[1]> = {}) {
  return makeTask(id, { work, runner: "claude", ...more });
}

function cost(costUsd: number | null, tokens = 10): Usage {
  return { inputTokens: tokens, outputTokens: 0, costUsd };
}

function planOf(ids: readonly string[], more: Partial<Plan>): Plan {
  return makePlan(
    ids.map((id) => agent(id)),
    more,
  );
}

function marks(rig: Rig) {
  return rig.log.events.flatMap((event) =>
    event.type === "budget.neared" || event.type === "budget.reached"
      ? [[event.type, event.task ?? null, event.measure, event.used, event.unknown ?? null]]
      : [],
  );
}

describe("the budget of a run", () => {
  test("warns at 80 %, and at 100 % starts nothing new: what runs ends and lands, exit 5", async () => {
    const plan = planOf(["a", "b", "c", "d"], { budget: { usd: 5 } });
    const rig = await startRig(plan, { concurrency: 2 });

    rig.hands.end("a", done, cost(4));
    await rig.hands.started("c");
    rig.hands.end("b", done, cost(1.5));
    await rig.settle();
    const running = [...rig.hands.live.keys()];
    rig.hands.end("c", done, cost(0.5));
    const end = await rig.finished;

    expect(running).toEqual(["c"]);
    expect(end).toEqual({ status: "interrupted", exitCode: 5 });
    expect(await rig.statuses()).toEqual({ a: "done", b: "done", c: "done", d: "stopped" });
    expect(marks(rig)).toEqual([
      ["budget.neared", null, "usd", 4, null],
      ["budget.reached", null, "usd", 5.5, null],
    ]);
    expect((await rig.log.state("r1"))?.overBudget).toMatchObject({ measure: "usd", used: 5.5 });
  });

  test("ends as ever when nothing was left to start", async () => {
    const rig = await startRig(planOf(["a"], { budget: { tokens: 5 } }));

    rig.hands.end("a", done, cost(null, 10));

    expect(await rig.finished).toEqual({ status: "succeeded", exitCode: 0 });
  });

  test("counts what attempts under way report", async () => {
    const rig = await startRig(planOf(["a", "b", "c"], { budget: { tokens: 100 } }), {
      concurrency: 2,
    });

    rig.hands.answer("a", cost(null, 60));
    rig.hands.answer("b", cost(null, 50));
    await rig.settle();
    const reached = marks(rig);
    rig.hands.end("a", done, cost(null, 70));
    rig.hands.end("b", done, null);
    const end = await rig.finished;

    expect(reached).toEqual([["budget.reached", null, "tokens", 110, null]]);
    expect(end.exitCode).toBe(5);
    expect((await rig.statuses()).c).toBe("stopped");
  });

  test("tells at its limits for how many attempts the cost is unknown, and counts those as nothing", async () => {
    const rig = await startRig(planOf(["a", "b", "c", "d"], { budget: { usd: 1 } }), {
      concurrency: 1,
    });

    rig.hands.end("a", done, null);
    await rig.hands.started("b");
    rig.hands.end("b", done, cost(null));
    await rig.hands.started("c");
    rig.hands.end("c", done, cost(1));
    const end = await rig.finished;

    expect(end.exitCode).toBe(5);
    expect(marks(rig)).toEqual([["budget.reached", null, "usd", 1, { attempts: 2, of: 3 }]]);
  });

  test("of time is the time of the run, and comes without anything happening", async () => {
    const rig = await startRig(planOf(["a", "b"], { budget: { timeMs: 10 * minute } }), {
      concurrency: 1,
    });

    rig.clock.advance(8 * minute);
    await rig.settle();
    const near = marks(rig);
    rig.clock.advance(2 * minute);
    await rig.settle();
    const over = marks(rig);
    rig.hands.end("a");
    const end = await rig.finished;

    expect(near).toEqual([["budget.neared", null, "time", 8 * minute, null]]);
    expect(over.at(-1)).toEqual(["budget.reached", null, "time", 10 * minute, null]);
    expect(end.exitCode).toBe(5);
  });

  test("does not count plain commands as attempts of unknown cost", async () => {
    const plan = makePlan([makeTask("make"), agent("a"), agent("b", { deps: ["a"] })], {
      budget: { usd: 1 },
    });
    const rig = await startRig(plan);

    rig.hands.end("make");
    rig.hands.end("a", done, cost(1));
    await rig.finished;

    expect(marks(rig)).toEqual([["budget.reached", null, "usd", 1, null]]);
  });

  test("gives way to a person who interrupts or stops", async () => {
    const rig = await startRig(planOf(["a", "b"], { budget: { tokens: 5 } }), { concurrency: 1 });
    rig.hands.answer("a", cost(null, 9));
    await rig.settle();

    rig.dispatcher.interrupt();
    await rig.settle();
    const cancelled = rig.hands.live.get("a")?.cancel.aborted;
    rig.hands.end("a");

    expect(cancelled).toBe(false);
    expect(await rig.finished).toEqual({ status: "interrupted", exitCode: 130 });
  });
});

describe("the budget of a task", () => {
  const retries = { max: 3, backoffMs: 10, maxBackoffMs: 10 };

  test("allows no further attempt: the task ends in `budget`, its dependents are skipped", async () => {
    const tasks = [
      agent("a", { budget: { usd: 1 }, retries }),
      agent("b", { deps: ["a"] }),
      agent("c"),
    ];
    const rig = await startRig(makePlan(tasks));

    rig.hands.end("a", { kind: "failed", message: "no" }, cost(1.2));
    rig.hands.end("c", done, cost(3));
    const end = await rig.finished;

    expect(end).toEqual({ status: "failed", exitCode: 5 });
    expect(await rig.statuses()).toEqual({ a: "error", b: "skipped", c: "done" });
    const [finished] = rig.log.ofType("task.finished").filter(({ task }) => task === "a");
    expect(finished?.error).toEqual({
      kind: "budget",
      message: "its budget is used up: $1.20 of $1.00",
    });
  });

  test("lets an attempt that goes over it end and land", async () => {
    const rig = await startRig(makePlan([agent("a", { budget: { timeMs: minute } })]));

    rig.clock.advance(2 * minute);
    await rig.settle();
    rig.hands.end("a");
    const end = await rig.finished;

    expect(end.exitCode).toBe(0);
    expect(marks(rig).map(([type, task]) => [type, task])).toEqual([["budget.reached", "a"]]);
  });
});
