import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type KnownRecord,
  providerOf,
  restAfter,
  standingCooldowns,
} from "../../core/run/cooldown.ts";

const nowMs = Date.UTC(2026, 0, 1);
const iso = (ms: number): string => new Date(nowMs + ms).toISOString();

function known(
  run: string,
  more: Partial<KnownRecord> & { until?: number; seq?: number },
): KnownRecord {
  const { until, seq = 5, ...rest } = more;
  const refused = {
    ...{ seq, at: iso(0), until: iso(until ?? 0), times: 1, task: "a", attempt: 1, message: "429" },
  };
  return {
    ...{ run, provider: "kilo", live: true, answeredSeq: 0, probe: null },
    refused: until === undefined ? null : refused,
    ...rest,
  };
}

describe("the account of an attempt", () => {
  test.each([
    ["kilo", "openrouter/z-ai/glm-5", "kilo/openrouter"],
    ["kilo", null, "kilo"],
    ["claude", "opus", "claude"],
    ["kilo", "/odd", "kilo"],
    ["named", "a/b", "shared"],
    ["constructor", "a", "constructor"],
  ])("of %s with %p is %s", (runner, model, account) => {
    expect(providerOf(runner, model, { named: "shared" })).toBe(account);
  });
});

describe("what all runs know of a provider", () => {
  test("is the latest end of those that were not taken back since", () => {
    const both = [known("one", { until: 1000, seq: 3 }), known("two", { until: 9000, seq: 4 })];

    const [standing] = standingCooldowns(both, nowMs);
    const answered = standingCooldowns([...both, known("three", { answeredSeq: 6 })], nowMs);
    const half = standingCooldowns([...both, known("three", { answeredSeq: 3 })], nowMs);

    expect(standing).toMatchObject({ until: iso(9000), run: "two" });
    expect(answered).toEqual([]);
    expect(half).toMatchObject([{ until: iso(9000) }]);
  });

  test("names the attempt that asks, unless its owner is dead", () => {
    const limit = known("one", { until: 0 });
    const probe = { task: "b", attempt: 2 };

    const [alive] = standingCooldowns([limit, known("two", { probe })], nowMs);
    const [dead] = standingCooldowns([limit, known("two", { probe, live: false })], nowMs);

    expect(alive?.probe).toEqual({ run: "two", task: "b", attempt: 2 });
    expect(dead?.probe).toBeNull();
  });

  test("is forgotten an hour after its end", () => {
    const hour = 60 * 60 * 1000;

    expect(standingCooldowns([known("one", { until: 0 })], nowMs + hour - 1)).toHaveLength(1);
    expect(standingCooldowns([known("one", { until: 0 })], nowMs + hour)).toEqual([]);
  });
});

describe("the rest after a refusal", () => {
  const base = { provider: "kilo", nowMs, backoffMs: 10_000, maxBackoffMs: 300_000 };

  test("is the named time with a margin, and is not shortened by a later refusal that names less", () => {
    const first = restAfter({ ...base, namedMs: nowMs + 60_000, before: null, isNews: true });
    const before = { until: new Date(first.untilMs).toISOString(), times: 1 };
    const second = restAfter({ ...base, namedMs: nowMs + 5_000, before, isNews: false });

    expect(first.untilMs - nowMs).toBeGreaterThanOrEqual(61_000);
    expect(first.untilMs - nowMs).toBeLessThanOrEqual(61_000 * 1.1);
    expect(second).toEqual({ untilMs: first.untilMs, times: 1 });
  });

  test("doubles while nobody says when it ends, once for all that were under way together", () => {
    const waits: number[] = [];
    let before: { until: string; times: number } | null = null;
    for (let i = 0; i < 8; i++) {
      const { untilMs, times } = restAfter({ ...base, namedMs: null, before, isNews: true });
      waits.push(Math.floor((untilMs - nowMs) / 1000));
      const late = restAfter({
        ...base,
        namedMs: null,
        before: { until: new Date(untilMs).toISOString(), times },
        isNews: false,
      });
      expect(late).toEqual({ untilMs, times });
      before = { until: iso(0), times };
    }
    const plain = [10, 20, 40, 80, 160, 300, 300, 300];
    for (const [i, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(plain[i] as number);
      expect(wait).toBeLessThanOrEqual((plain[i] as number) * 1.1 + 1);
    }
  });

  test("grows although the provider names a time, when that did not hold before", () => {
    const before = { until: iso(0), times: 3 };
    const { untilMs } = restAfter({ ...base, namedMs: nowMs + 1000, before, isNews: true });

    expect(untilMs - nowMs).toBeGreaterThanOrEqual(40_000);
  });

  test("never ends before now, before the named time, or before what stood", () => {
    const input = fc.record({
      namedMs: fc.option(fc.integer({ min: -1e6, max: 1e8 }).map((ms) => nowMs + ms)),
      times: fc.integer({ min: 1, max: 40 }),
      heldMs: fc.integer({ min: -1e6, max: 1e7 }),
      isNews: fc.boolean(),
    });
    fc.assert(
      fc.property(input, ({ namedMs, times, heldMs, isNews }) => {
        const before = { until: iso(heldMs), times };
        const rest = restAfter({ ...base, namedMs, before, isNews });
        expect(rest.untilMs).toBeGreaterThan(nowMs);
        expect(rest.untilMs).toBeGreaterThanOrEqual(namedMs ?? 0);
        expect(rest.untilMs).toBeGreaterThanOrEqual(Date.parse(before.until));
        expect(rest.times).toBe(isNews ? times + 1 : times);
      }),
    );
  });
});
