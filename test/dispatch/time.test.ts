import { describe, expect, test } from "bun:test";
import { timerMaxMs } from "../../core/clock.ts";
import { timeOf } from "../../core/dispatch/end-words.ts";
import { afterAttempt, type Tries } from "../../core/dispatch/policy.ts";
import { durationMaxMs, parseDuration } from "../../core/plan/duration.ts";
import { makePlan, makeTask, startRig } from "../support/rig.ts";

const limited = (until: string | null) =>
  ({ kind: "rate-limited", until, message: "429" }) as const;
const hour = 3_600_000;
const year = 365 * 24 * hour;

describe("a rate limit", () => {
  const tries: Tries = { counted: 0, limited: 1, attempts: 1, conflicts: 0, resolving: null };

  test("whose time lies years away, by a clock that is wrong, parks for eight days at most", () => {
    const now = Date.UTC(2026, 0, 1);
    const waits = [-10 * year, -hour, hour, year, 10 * year].map((away) => {
      const until = new Date(now + away).toISOString();
      const step = afterAttempt(makeTask("a"), limited(until), tries, now);
      return step.kind === "park" ? step.untilMs - now : null;
    });

    expect(waits).toEqual([1_000, 1_000, hour + 1_000, 8 * 24 * hour, 8 * 24 * hour]);
  });

  test("whose time is none counts as one without a time", () => {
    const senseless = [1e308, -1e308, 8.64e15 + 1, Number.NaN, Number.POSITIVE_INFINITY, null];

    expect(senseless.map(timeOf)).toEqual(senseless.map(() => null));
    expect(timeOf(0)).toBe("1970-01-01T00:00:00.000Z");
  });
});

test("a machine that slept over every wait starts each task once, and no more than may run at once", async () => {
  const ids = Array.from({ length: 12 }, (_, i) => `t${i}`);
  const rig = await startRig(makePlan(ids.map((id) => makeTask(id))), { concurrency: 3 });
  for (let round = 0; round < 4; round++) {
    for (const id of [...rig.hands.live.keys()]) {
      const until = new Date(rig.clock.now() + (1 + round) * 60_000).toISOString();
      rig.hands.end(id, limited(until));
    }
    await rig.settle();
  }
  expect(rig.hands.live.size).toBe(0);

  rig.clock.advance(720 * hour);
  await rig.settle();
  const most: number[] = [];
  while (rig.hands.live.size > 0) {
    most.push(rig.hands.live.size);
    for (const id of [...rig.hands.live.keys()]) rig.hands.end(id);
    await rig.settle();
  }
  await rig.finished;

  const starts = rig.log.events.filter(({ type }) => type === "attempt.started");
  expect(starts).toHaveLength(2 * ids.length);
  expect(Math.max(...most)).toBe(3);
});

for (const [name, away] of [
  ["forward", 10 * year],
  ["back", -10 * year],
] as const) {
  test(`a wall clock that is set ${name} by ten years changes no wait`, async () => {
    const rig = await startRig(makePlan([makeTask("a")]));
    rig.hands.end("a", limited(new Date(rig.clock.now() + 60_000).toISOString()));
    await rig.settle();

    rig.clock.jump(away);
    rig.clock.advance(60_500);
    await rig.settle();
    const early = rig.hands.live.size;
    rig.clock.advance(1_000);
    await rig.settle();

    expect([early, rig.hands.live.size]).toEqual([0, 1]);
    rig.hands.end("a");
    expect((await rig.finished).exitCode).toBe(0);
  });
}

test("a plan has no duration that a timer cannot hold", () => {
  const texts = ["1ms", "24d", "576h", "0s", "25d", "999999999999d", "577h", "2147483648ms"];

  const read = texts.map(parseDuration);

  expect(durationMaxMs).toBeLessThanOrEqual(timerMaxMs);
  expect(read).toEqual([1, durationMaxMs, durationMaxMs, null, null, null, null, null]);
});
