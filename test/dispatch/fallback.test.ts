import { describe, expect, test } from "bun:test";
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

describe("who stands in", () => {
  const fallback = [{ runner: "claude", model: "opus" }];

  test("does a task at once while the provider of its own model rests, and says why", async () => {
    const rig = await startRig(makePlan([agent("a", { fallback })]), { concurrency: 1 });

    rig.hands.end("a", refused(rig, minute));
    await rig.hands.started("a");
    const { assignment } = rig.hands.live.get("a") ?? {};
    rig.hands.end("a");
    const end = await rig.finished;

    expect(assignment?.runner.name).toBe("claude");
    const [, last] = rig.log.ofType("attempt.started");
    const [parked] = rig.log.ofType("attempt.finished");
    expect(last).toMatchObject({ runner: "claude", model: "opus", provider: "claude" });
    expect(last?.instead).toEqual({
      runner: "kilo",
      model: "openrouter/m",
      reason: `kilo/openrouter refuses until ${parked?.cooldown?.until}`,
    });
    expect(end.exitCode).toBe(0);
  });

  test("waits out a rest that is not longer than the plan says", async () => {
    const task = agent("a", { fallback, fallbackAfterMs: 5 * minute });
    const rig = await startRig(makePlan([task]), { concurrency: 1 });

    rig.hands.end("a", refused(rig, minute));
    await rig.settle();
    const parked = await rig.statuses();
    rig.clock.advance(70 * second);
    await rig.hands.started("a");
    const own = rig.hands.live.get("a")?.assignment.runner.name;
    rig.hands.end("a");
    await rig.finished;

    expect([parked.a, own]).toEqual(["parked", "kilo"]);
  });

  test.each(["quota", "model-unknown", "context-overflow"])(
    "does a task whose model cannot (%s), without costing it a try",
    async (named) => {
      const rig = await startRig(makePlan([agent("a", { fallback })]));

      rig.hands.end("a", { kind: "failed", message: "no", class: named } as never);
      await rig.hands.started("a");
      rig.hands.end("a");
      const end = await rig.finished;

      const [, last] = rig.log.ofType("attempt.started");
      expect(last?.instead?.reason).toBe(`${named}: no`);
      expect(end.exitCode).toBe(0);
    },
  );

  test("gets no task that failed by itself, and the last of them ends it", async () => {
    const rig = await startRig(makePlan([agent("a", { fallback }), agent("b", { fallback })]));

    rig.hands.end("a", { kind: "failed", message: "tests fail" });
    const cannot = { kind: "failed", message: "too long", class: "context" } as never;
    rig.hands.end("b", cannot);
    await rig.settle();
    rig.hands.end("b", cannot);
    const end = await rig.finished;

    expect(end.exitCode).toBe(1);
    expect(rig.log.ofType("attempt.started").map(({ task }) => task)).toEqual(["a", "b", "b"]);
  });

  test("counts against the cap of the runner that does it", async () => {
    const tasks = [agent("a", { fallback }), agent("b", { fallback })];
    const rig = await startRig(makePlan(tasks), { perRunner: { claude: 1 } });

    rig.hands.end("a", refused(rig, minute));
    rig.hands.end("b", refused(rig, minute));
    await rig.settle();
    const running = live(rig);
    rig.hands.end(running[0] as string);
    await rig.settle();
    rig.hands.end(live(rig)[0] as string);
    const end = await rig.finished;

    expect(running).toHaveLength(1);
    expect(end.status).toBe("succeeded");
  });
});

function live(rig: Rig): string[] {
  return [...rig.hands.live.keys()];
}
