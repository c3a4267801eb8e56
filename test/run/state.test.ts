import { expect, test } from "bun:test";
import { Bug } from "../../core/assert.ts";
import type { Fact } from "../../core/run/event.ts";
import { applyEvent, type RunState } from "../../core/run/state.ts";
import {
  attemptFinished,
  attemptStarted,
  me,
  runFinished,
  samplePlan,
  sampleTask,
  spawned,
  started,
  taskFinished,
} from "../registry/sample.ts";
import { eventOf, fold } from "./fold.ts";

test("a task goes from pending to done", () => {
  const seen: unknown[] = [];
  const facts: Fact[] = [
    { type: "task.waiting", task: "a", reason: { kind: "alone" } },
    attemptStarted("a"),
    spawned("a"),
    attemptFinished("a"),
    {
      type: "merge.finished",
      task: "a",
      attempt: 1,
      landing: { kind: "merged", commit: "f00d" },
      warnings: ["left its scope"],
    },
    taskFinished("a"),
  ];

  const state = fold([started(samplePlan(["a"])), ...facts], (now) => {
    seen.push(now.tasks.get("a")?.status);
  });

  expect(seen).toEqual(["pending", "waiting", "running", "running", "merging", "merging", "done"]);
  expect(state.tasks.get("a")).toMatchObject({ waiting: null, warnings: ["left its scope"] });
  expect(state.tasks.get("a")?.attempts).toMatchObject([
    { number: 1, process: me(), workspace: "/w/a", landing: { kind: "merged" } },
  ]);
});

test("a task that was done before the run is done from the start", () => {
  const state = fold([started(samplePlan([sampleTask("a", { done: true }), "b"]))]);

  expect([...state.tasks.values()].map(({ status }) => status)).toEqual(["done", "pending"]);
});

const kept = { target: "main", from: "c0ffee", to: "f00d", keptOn: "ra/r1", reason: "in the way" };

function landedLater(
  tasks: Extract<Fact, { type: "run.landed" }>["tasks"],
  rest: Partial<Extract<Fact, { type: "run.landed" }>> = {},
): Fact {
  const move = { target: "main", from: "c0ffee", to: "beef" };
  const end = { verified: true, complete: true, status: "succeeded", exitCode: 0 } as const;
  return { type: "run.landed", ...move, tasks, ...end, ...rest };
}

function takenBack(...ids: readonly string[]): Fact {
  const tasks = ids.map((id) => ({ id, commit: `${id}1`, revert: `${id}2` }));
  return { type: "run.reverted", target: "main", from: "beef", to: "cafe", tasks, verified: true };
}

test("what a person lands after the run counts as if the run had landed it", () => {
  const failed: Fact = { ...runFinished(), status: "failed", exitCode: 7, published: kept } as Fact;
  const facts = [
    started(samplePlan(["a", sampleTask("b", { deps: ["a"] })])),
    attemptStarted("a"),
    attemptFinished("a"),
    taskFinished("a", "error"),
    taskFinished("b", "skipped", "a"),
    failed,
    landedLater([{ id: "a", attempt: 1, commit: "beef" }]),
  ];

  const state = fold(facts);
  const resumed = fold([...facts, { type: "run.resumed", owner: me() }]);

  expect([state.status, state.exitCode, state.published?.keptOn]).toEqual(["succeeded", 0, null]);
  expect(state.tasks.get("a")).toMatchObject({ status: "done", error: null, commit: "beef" });
  expect(state.tasks.get("a")?.attempts[0]?.landing).toEqual({ kind: "merged", commit: "beef" });
  expect(resumed.tasks.get("b")?.status).toBe("pending");
});

test("a run is rolled back when the commits of all its tasks are taken back, until one lands again", () => {
  const facts = ["a", "b"].flatMap((id) => [
    attemptStarted(id),
    attemptFinished(id),
    { ...taskFinished(id), commit: `${id}1` } as Fact,
  ]);
  const before = [started(samplePlan(["a", "b"])), ...facts];
  const summaries = ["a", "b"].map((id) => {
    return { id, status: "done", commit: `${id}1`, attempts: 1, error: null } as const;
  });
  const end = { ...runFinished(), tasks: summaries } as Fact;

  const one = fold([...before, end, takenBack("a")]);
  const all = fold([...before, end, takenBack("a"), takenBack("b")]);
  const again = fold([
    ...before,
    end,
    takenBack("a", "b"),
    landedLater([{ id: "a", attempt: 1, commit: "a3" }]),
  ]);

  expect([one.status, all.status, again.status]).toEqual(["succeeded", "rolled-back", "succeeded"]);
  expect(one.tasks.get("a")?.reverted).toEqual({ commit: "a1", revert: "a2" });
  expect(again.tasks.get("a")?.reverted).toBeUndefined();
  expect(again.tasks.get("b")?.reverted).toBeDefined();
});

test("a landing or a rollback of a task that the run does not have is impossible and changes nothing", () => {
  const before = [started(samplePlan(["a"])), runFinished()];

  expect(() => fold([...before, landedLater([{ id: "a", attempt: 1, commit: null }])])).toThrow(
    Bug,
  );
  expect(() => fold([...before, takenBack("x")])).toThrow(Bug);
});

test("a rate limit parks the task until its next attempt", () => {
  const limit = { kind: "rate-limited", until: null, message: "429" } as const;
  const parked: Fact = { type: "task.parked", task: "a", until: "2026-11-21", message: "429" };
  const before = [started(samplePlan(["a"])), attemptStarted("a"), attemptFinished("a", 1, limit)];

  const waiting = fold([...before, parked]).tasks.get("a");
  const running = fold([...before, parked, attemptStarted("a", 2)]).tasks.get("a");

  expect(waiting).toMatchObject({ status: "parked", parkedUntil: "2026-11-21" });
  expect(running).toMatchObject({ status: "running", parkedUntil: null });
});

test("an attempt that did not succeed leaves its task pending", () => {
  const failed = { kind: "failed", message: "exit code 1" } as const;

  const state = fold([
    started(samplePlan(["a"])),
    attemptStarted("a"),
    attemptFinished("a", 1, failed),
  ]);

  expect(state.tasks.get("a")?.status).toBe("pending");
});

test("going on obeys the requests to continue and leaves the one to stop a task", () => {
  const state = fold([
    started(samplePlan(["a"])),
    { type: "run.paused", done: [] },
    { type: "request.received", action: "continue", by: "ann" },
    { type: "request.received", action: "stop", task: "a", by: "bob" },
    { type: "run.continued", by: "ann" },
  ]);

  expect(state).toMatchObject({ status: "running", stopRequested: false });
  expect(state.requests).toEqual([{ seq: 4, action: "stop", task: "a", by: "bob" }]);
});

test("only a stop that names no task stops the run", () => {
  const state = fold([
    started(samplePlan(["a"])),
    { type: "request.received", action: "stop", by: "ann" },
  ]);

  expect(state.stopRequested).toBe(true);
});

test("an attempt that was declared lost may report after all", () => {
  const lost = { kind: "lost" } as const;

  const state = fold([
    started(samplePlan(["a"])),
    attemptStarted("a"),
    attemptFinished("a", 1, lost),
    attemptFinished("a"),
  ]);

  expect(state.tasks.get("a")).toMatchObject({ status: "merging" });
});

const impossible: readonly (readonly [title: string, facts: readonly Fact[], message: string])[] = [
  ["a run without a start", [{ type: "claims.yielded" }], "event 1 (claims.yielded) of run r7k2"],
  ["a second start", [begun(), begun()], "event 2 (run.started)"],
  ["an unknown task", [begun(), attemptStarted("nix")], "there is no such task"],
  ["two attempts at once", [begun(), attemptStarted("a"), attemptStarted("a", 2)], "is open"],
  ["a gap in attempts", [begun(), attemptStarted("a", 2)], "numbered one by one"],
  ["an end without an attempt", [begun(), attemptFinished("a")], "not the last attempt"],
  [
    "a second end",
    [begun(), attemptStarted("a"), attemptFinished("a"), attemptFinished("a")],
    "event 4 (attempt.finished of task a)",
  ],
  ["a life after the end", [begun(), taskFinished("a"), attemptStarted("a")], "has ended"],
  ["an end with an open attempt", [begun(), attemptStarted("a"), taskFinished("a")], "is open"],
  ["facts after the run's end", [begun(), runFinished(), attemptStarted("a")], "has finished"],
];

for (const [title, facts, message] of impossible) {
  test(`${title} is a bug that names the event`, () => {
    const act = (): RunState => fold(facts);

    expect(act).toThrow(Bug);
    expect(act).toThrow(message);
  });
}

test("an event that is folded in already is a bug", () => {
  const state = fold([begun()]);

  const act = (): RunState => applyEvent(state, eventOf(1, { type: "run.continued", by: "ann" }));

  expect(act).toThrow("folded in already");
});

function begun(): Fact {
  return started(samplePlan(["a"]));
}
