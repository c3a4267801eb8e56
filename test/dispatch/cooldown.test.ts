import { describe, expect, test } from "bun:test";
import type { KnownRecord } from "../../core/run/cooldown.ts";
import { makePlan, makeTask, type Rig, startRig } from "../support/rig.ts";

const work = { kind: "prompt", prompt: "work" } as const;
const second = 1000;
const minute = 60 * second;

function agent(id: string, more: Partial<Parameters<typeof makeTask>[1]> = {}) {
  return makeTask(id, { work, runner: "kilo", model: "openrouter/m", ...more });
}

function refused(rig: Rig, ms: number | null) {
  const until = ms === null ? null : new Date(rig.clock.now() + ms).toISOString();
  return { kind: "rate-limited", until, message: "status 429" } as const;
}

/** What another run was told by the provider. */
function foreign(rig: Rig, ms: number, more: Partial<KnownRecord> = {}): KnownRecord {
  const until = new Date(rig.clock.now() + ms).toISOString();
  const at = new Date(rig.clock.now()).toISOString();
  const said = { seq: 1e6, at, until, times: 1, task: "x", attempt: 1, message: "429" };
  const record = {
    run: "r2",
    provider: "kilo/openrouter",
    live: true,
    answeredSeq: 0,
    probe: null,
  };
  return { ...record, refused: said, ...more };
}

describe("a refusal", () => {
  test("parks its task with the provider named, and keeps back all tasks of that provider alone", async () => {
    const other = agent("c", { model: "google/g" });
    const rig = await startRig(makePlan([agent("a"), agent("b"), other]), { concurrency: 1 });

    rig.hands.end("a", refused(rig, minute));
    await rig.hands.started("c");
    const statuses = await rig.statuses();
    rig.hands.end("c");
    await rig.settle();

    expect(statuses).toEqual({ a: "parked", b: "waiting", c: "running" });
    const [parked] = rig.log.ofType("task.parked");
    const [waiting] = rig.log.ofType("task.waiting");
    expect(parked?.provider).toBe("kilo/openrouter");
    expect(waiting?.reason).toEqual({
      kind: "cooldown",
      provider: "kilo/openrouter",
      until: parked?.until as string,
    });
    const [finished] = rig.log.ofType("attempt.finished");
    expect(finished?.cooldown).toEqual({
      provider: "kilo/openrouter",
      until: parked?.until as string,
      times: 1,
    });
    rig.dispatcher.interrupt();
    await rig.finished;
  });

  test("is asked again at its end, although the clock was set back meanwhile", async () => {
    const rig = await startRig(makePlan([agent("a")]), { concurrency: 1 });
    rig.hands.end("a", refused(rig, minute));
    await rig.settle();

    rig.clock.jump(-10 * minute);
    rig.clock.advance(70 * second);
    await rig.settle();
    const early = [...rig.hands.live.keys()];
    rig.clock.advance(10 * minute);
    await rig.settle();

    expect([early, [...rig.hands.live.keys()]]).toEqual([[], ["a"]]);
    rig.hands.end("a");
    await rig.finished;
  });

  test("is over when one attempt that asks was answered; the others wait for that", async () => {
    const rig = await startRig(makePlan([agent("a"), agent("b"), agent("c")]), { concurrency: 1 });
    rig.hands.end("a", refused(rig, minute));
    await rig.settle();

    rig.clock.advance(70 * second);
    await rig.settle();
    const asking = [...rig.hands.live.keys()];
    const [id] = asking as [string];
    rig.hands.answer(id);
    await rig.settle();
    const ended = rig.log.ofType("cooldown.ended");
    for (let i = 0; i < 3; i++) {
      const [live] = rig.hands.live.keys();
      if (live !== undefined) rig.hands.end(live);
      await rig.settle();
    }
    const end = await rig.finished;

    expect(asking).toHaveLength(1);
    expect(rig.log.ofType("attempt.started").filter(({ probes }) => probes)).toHaveLength(1);
    expect(ended).toMatchObject([{ task: id, provider: "kilo/openrouter" }]);
    expect(end.status).toBe("succeeded");
  });

  test.each([
    ["has run 30 s unrefused", async (rig: Rig) => rig.clock.advance(30 * second)],
    ["ended without a limit", async (rig: Rig) => rig.hands.end(live(rig)[0] as string)],
  ])(
    "is over when the attempt that asks %s, although its runner says nothing",
    async (_, happen) => {
      const tasks = ["a", "b", "c"].map((id) => agent(id));
      const rig = await startRig(makePlan(tasks), { concurrency: 3 });
      for (const id of ["a", "b", "c"]) rig.hands.end(id, refused(rig, minute));
      await rig.settle();
      rig.clock.advance(70 * second);
      await rig.settle();
      const before = live(rig).length;

      await happen(rig);
      await rig.settle();

      expect(before).toBe(1);
      expect(rig.log.ofType("cooldown.ended")).toHaveLength(1);
      expect(live(rig).length).toBeGreaterThanOrEqual(1);
      expect(rig.log.ofType("attempt.started").length).toBeGreaterThanOrEqual(5);
      rig.dispatcher.interrupt();
      rig.dispatcher.interrupt();
      await rig.finished;
    },
  );

  test("goes on being one when the attempt that asks ends without a word of the model", async () => {
    const rig = await startRig(makePlan([agent("a"), agent("b"), agent("c")]), { concurrency: 3 });
    for (const id of ["a", "b", "c"]) rig.hands.end(id, refused(rig, minute));
    await rig.settle();
    rig.clock.advance(70 * second);
    await rig.settle();

    rig.hands.end(live(rig)[0] as string, { kind: "crashed", message: "gone" });
    await rig.settle();

    expect(rig.log.ofType("cooldown.ended")).toEqual([]);
    expect(live(rig)).toHaveLength(1);
    rig.dispatcher.interrupt();
    rig.dispatcher.interrupt();
    await rig.finished;
  });

  test("in a step-through run keeps its group open until the refused task is done", async () => {
    const plan = makePlan([agent("a"), agent("b", { deps: ["a"] })]);
    const rig = await startRig(plan, { stepThrough: true });
    rig.log.foreignRecords = [foreign(rig, 2 * minute)];

    rig.hands.end("a", refused(rig, minute));
    await rig.settle();
    // Its own time comes first; the provider rests for all runs a minute longer.
    rig.clock.advance(70 * second);
    await rig.settle();
    const early = [rig.log.ofType("run.paused").length, live(rig).length];
    rig.clock.advance(70 * second);
    await rig.hands.started("a");
    rig.hands.end("a");
    await rig.settle();

    expect(early).toEqual([0, 0]);
    expect(rig.log.ofType("run.paused").map(({ done }) => done)).toEqual([["a"]]);
    rig.dispatcher.interrupt();
    await rig.finished;
  });
});

describe("a refusal of another run", () => {
  test("keeps the next start back, seen in the transaction that would record it", async () => {
    const plan = makePlan([makeTask("first"), agent("a", { deps: ["first"] })]);
    const rig = await startRig(plan);
    rig.log.foreignRecords = [foreign(rig, minute)];

    rig.hands.end("first");
    await rig.settle();
    const statuses = await rig.statuses();
    rig.clock.advance(61 * second);
    await rig.hands.started("a");
    rig.hands.end("a");
    const end = await rig.finished;

    expect(statuses).toEqual({ first: "done", a: "waiting" });
    expect(rig.log.ofType("attempt.started").map(({ task, probes }) => [task, probes])).toEqual([
      ["first", undefined],
      ["a", true],
    ]);
    expect(end.status).toBe("succeeded");
  });

  test("waits for the attempt of the other run that asks, and goes on when that was answered", async () => {
    const plan = makePlan([makeTask("first"), agent("a", { deps: ["first"] })]);
    const rig = await startRig(plan);
    const probe = { task: "y", attempt: 1 };
    rig.log.foreignRecords = [foreign(rig, -second, { probe })];

    rig.hands.end("first");
    await rig.settle();
    rig.clock.advance(5 * second);
    await rig.settle();
    const waiting = (await rig.statuses()).a;
    rig.log.foreignRecords = [foreign(rig, -second, { answeredSeq: 2e6 })];
    rig.log.touch();
    await rig.hands.started("a");
    rig.hands.end("a");
    await rig.finished;

    expect(waiting).toBe("waiting");
    const last = rig.log.ofType("attempt.started").at(-1);
    expect([last?.task, last?.probes]).toEqual(["a", undefined]);
  });

  test("is asked for by this run when the other one died while it asked", async () => {
    const plan = makePlan([makeTask("first"), agent("a", { deps: ["first"] })]);
    const rig = await startRig(plan);
    const probe = { task: "y", attempt: 1 };
    rig.log.foreignRecords = [foreign(rig, -second, { probe })];
    rig.hands.end("first");
    await rig.settle();

    rig.log.foreignRecords = [foreign(rig, -second, { probe, live: false })];
    rig.clock.advance(second);
    await rig.hands.started("a");
    rig.hands.end("a");
    await rig.finished;

    expect(rig.log.ofType("attempt.started").at(-1)?.probes).toBe(true);
  });
});

function live(rig: Rig): string[] {
  return [...rig.hands.live.keys()];
}
