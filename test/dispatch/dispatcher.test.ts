import { describe, expect, test } from "bun:test";
import type { Landed } from "../../core/dispatch/hands.ts";
import type { Landing } from "../../core/run/model.ts";
import { makePlan, makeTask, startRig } from "../support/rig.ts";

const retries = { max: 1, backoffMs: 1000, maxBackoffMs: 5000 };
const merged = { kind: "succeeded", commit: "tree" } as const;
const conflict: Landing = { kind: "conflicted", paths: ["a.ts"], with: ["other"] };

describe("dispatcher", () => {
  test("runs as many at once as the cap allows, and dependents after what they need", async () => {
    const plan = makePlan([makeTask("a"), makeTask("b"), makeTask("c", { deps: ["a", "b"] })]);
    const rig = await startRig(plan);
    const early = [...rig.hands.live.keys()];

    rig.hands.end("a");
    rig.hands.end("b");
    await rig.hands.started("c");
    rig.hands.end("c");
    const end = await rig.finished;

    expect(early).toEqual(["a", "b"]);
    expect(end).toEqual({ status: "succeeded", exitCode: 0 });
  });

  test("skips the dependents of a failed task and names it, while the rest goes on", async () => {
    const tasks = [
      makeTask("a"),
      makeTask("b", { deps: ["a"] }),
      makeTask("c", { deps: ["b"] }),
      makeTask("d"),
    ];
    const rig = await startRig(makePlan(tasks));

    rig.hands.end("a", { kind: "failed", message: "exit 3" });
    rig.hands.end("d");
    const end = await rig.finished;

    expect(end).toEqual({ status: "failed", exitCode: 1 });
    expect(await rig.statuses()).toEqual({ a: "error", b: "skipped", c: "skipped", d: "done" });
    const [last] = rig.log.ofType("run.finished");
    expect(last?.tasks.map(({ because }) => because)).toEqual([undefined, "a", "a", undefined]);
  });

  test("a conflict is that task's error with the paths named, exit 7", async () => {
    const rig = await startRig(makePlan([makeTask("a"), makeTask("b")]));
    rig.hands.landings.set("a", conflict);

    rig.hands.end("a", merged);
    await rig.settle();
    rig.hands.end("b", merged);
    const end = await rig.finished;

    expect(end.exitCode).toBe(7);
    const [last] = rig.log.ofType("run.finished");
    expect(last?.tasks[0]?.error).toEqual({
      kind: "conflict",
      message: "conflict with other in a.ts",
    });
  });

  test("runs a task again on the new base when the plan says so, told of the conflict", async () => {
    const rig = await startRig(makePlan([makeTask("a", { onConflict: "retry" })]));
    rig.hands.landings.set("a", conflict);

    rig.hands.end("a", merged);
    await rig.hands.started("a");
    const before = rig.hands.live.get("a")?.assignment.before;
    rig.hands.landings.delete("a");
    rig.hands.end("a", merged);
    const end = await rig.finished;

    expect(before).toBe("conflict with other in a.ts");
    expect(end.exitCode).toBe(0);
  });

  test("retries a failed attempt after its backoff, no more often than the plan allows", async () => {
    const rig = await startRig(makePlan([makeTask("a", { retries })]));

    rig.hands.end("a", { kind: "failed", message: "no" });
    await rig.settle();
    const parked = await rig.statuses();
    rig.clock.advance(1000);
    await rig.hands.started("a");
    rig.hands.end("a", { kind: "timed-out", afterMs: 5 });
    const end = await rig.finished;

    expect(parked).toEqual({ a: "parked" });
    expect(end.exitCode).toBe(1);
    expect(rig.log.ofType("attempt.started")).toHaveLength(2);
  });

  test("a rate limit frees the slot, waits for the reset time and costs no attempt", async () => {
    const rig = await startRig(makePlan([makeTask("a"), makeTask("b")]), { concurrency: 1 });
    const until = new Date(rig.clock.now() + 60_000).toISOString();

    rig.hands.end("a", { kind: "rate-limited", until, message: "slow down" });
    await rig.hands.started("b");
    rig.hands.end("b");
    await rig.settle();
    rig.clock.advance(60_000);
    await rig.settle();
    const tooEarly = rig.hands.live.size;
    rig.clock.advance(1_000);
    await rig.hands.started("a");
    rig.hands.end("a");
    const end = await rig.finished;

    expect(tooEarly).toBe(0);
    expect(end).toEqual({ status: "succeeded", exitCode: 0 });
  });

  test("an agent that succeeds without a change is no success, a command is", async () => {
    const agent = makeTask("agent", { work: { kind: "prompt", prompt: "do" } });
    const rig = await startRig(makePlan([agent, makeTask("command")]));

    rig.hands.end("agent", { kind: "unchanged" });
    rig.hands.end("command", { kind: "unchanged" });
    await rig.finished;

    expect(await rig.statuses()).toEqual({ agent: "error", command: "done" });
  });

  test("the first interrupt starts nothing new and lets running tasks end", async () => {
    const rig = await startRig(makePlan([makeTask("a"), makeTask("b", { deps: ["a"] })]));

    rig.dispatcher.interrupt();
    await rig.settle();
    const cancelled = rig.hands.live.get("a")?.cancel.aborted;
    rig.hands.end("a");
    const end = await rig.finished;

    expect(cancelled).toBe(false);
    expect(end).toEqual({ status: "interrupted", exitCode: 130 });
    expect(await rig.statuses()).toEqual({ a: "done", b: "stopped" });
  });

  test("the second interrupt ends what runs", async () => {
    const rig = await startRig(makePlan([makeTask("a"), makeTask("b", { deps: ["a"] })]));

    rig.dispatcher.interrupt();
    rig.dispatcher.interrupt();
    const end = await rig.finished;

    expect(end.exitCode).toBe(130);
    expect(await rig.statuses()).toEqual({ a: "stopped", b: "stopped" });
  });

  test("an auth failure is final and exits 4", async () => {
    const rig = await startRig(makePlan([makeTask("a", { retries })]));

    rig.hands.end("a", { kind: "auth", message: "not logged in" });

    expect((await rig.finished).exitCode).toBe(4);
  });
});

describe("step-through", () => {
  test("waits for continue after each group that ran together", async () => {
    const tasks = [makeTask("a"), makeTask("b"), makeTask("c", { deps: ["a"] })];
    const rig = await startRig(makePlan(tasks), { stepThrough: true });

    rig.hands.end("a");
    await rig.settle();
    const duringGroup = rig.log.ofType("run.paused").length;
    rig.hands.end("b");
    await rig.settle();
    const [pause] = rig.log.ofType("run.paused");
    const beforeAnswer = rig.hands.live.size;
    await rig.log.commit("r1", () => [{ type: "request.received", action: "continue", by: "ann" }]);
    await rig.hands.started("c");
    rig.hands.end("c");
    const end = await rig.finished;

    expect(duringGroup).toBe(0);
    expect(pause?.done).toEqual(["a", "b"]);
    expect(beforeAnswer).toBe(0);
    expect(end.exitCode).toBe(0);
    expect(rig.log.ofType("run.continued")).toMatchObject([{ by: "ann" }]);
  });

  test("stop ends a waiting run", async () => {
    const rig = await startRig(makePlan([makeTask("a"), makeTask("b", { deps: ["a"] })]), {
      stepThrough: true,
    });
    rig.hands.end("a");
    await rig.settle();

    await rig.log.commit("r1", () => [{ type: "request.received", action: "stop", by: "ann" }]);
    const end = await rig.finished;

    expect(end.status).toBe("stopped");
    expect(await rig.statuses()).toEqual({ a: "done", b: "stopped" });
  });

  test("a runner that is not safe beside others runs alone and asks, even in auto mode", async () => {
    const rig = await startRig(makePlan([makeTask("a", { runner: "gemini" }), makeTask("b")]));
    const first = [...rig.hands.live.keys()];

    rig.hands.end("a");
    await rig.settle();
    const paused = rig.log.ofType("run.paused").length;
    await rig.log.commit("r1", () => [{ type: "request.received", action: "continue", by: "ann" }]);
    await rig.hands.started("b");
    rig.hands.end("b");
    await rig.finished;

    expect(first).toEqual(["a"]);
    expect(paused).toBe(1);
  });
});

test("a request stops one task; its dependents are skipped because of it", async () => {
  const rig = await startRig(
    makePlan([makeTask("a"), makeTask("b", { deps: ["a"] }), makeTask("c")]),
  );

  await rig.log.commit("r1", () => [
    { type: "request.received", action: "stop", task: "a", by: "ann" },
  ]);
  await rig.settle();
  rig.hands.end("c");
  await rig.finished;

  expect(await rig.statuses()).toEqual({ a: "stopped", b: "skipped", c: "done" });
});

test("a request stops a task whose result is being landed, when it would have to be tried again", async () => {
  const rig = await startRig(
    makePlan([
      makeTask("a", { onConflict: "retry", retries: { max: 3, backoffMs: 0, maxBackoffMs: 0 } }),
      makeTask("b"),
    ]),
  );
  const landed = Promise.withResolvers<Landed>();
  rig.hands.land = () => landed.promise;
  rig.hands.end("a", merged);
  await rig.settle();

  await rig.log.commit("r1", () => [
    { type: "request.received", action: "stop", task: "a", by: "ann" },
  ]);
  await rig.settle();
  landed.resolve({ landing: conflict, warnings: [] });
  await rig.settle();
  rig.hands.end("b", { kind: "failed", message: "exit 1" });
  await rig.finished;

  expect(await rig.statuses()).toEqual({ a: "stopped", b: "error" });
  expect(rig.log.ofType("attempt.started")).toHaveLength(2);
});

test("looks for requests when one may have come, not whenever a task ends", async () => {
  const rig = await startRig(makePlan(["a", "b", "c", "d"].map((id) => makeTask(id))));
  let looks = 0;
  const state = rig.log.state.bind(rig.log);
  rig.log.state = (run) => {
    looks += 1;
    return state(run);
  };

  rig.hands.end("a");
  rig.hands.end("b");
  await rig.settle();
  const whileTasksEnd = looks;
  await rig.log.commit("r1", () => [{ type: "request.received", action: "stop", by: "test" }]);
  const end = await rig.finished;

  expect([whileTasksEnd, looks]).toEqual([0, 1]);
  expect(end.status).toBe("stopped");
});
