import { describe, expect, test } from "bun:test";
import { loadPlan } from "../../core/plan/load.ts";

const known = { runners: ["kilo", "claude", "shell"] };

function models(text: string): unknown[] {
  const loaded = loadPlan(`version: 1\n${text}`, known);
  if (!loaded.ok) throw new Error(loaded.error.map(({ message }) => message).join("; "));
  return loaded.value.tasks.map(({ model, tier, fallback = [] }) => [
    model,
    tier,
    fallback.map((each) => `${each.runner} ${each.model}`),
  ]);
}

const byTier = "models: { kilo: { top: t, mid: m, free: f }, claude: { top: opus } }\n";

describe("tiers by difficulty", () => {
  const tiers = `${byTier}tiers: { top: 8, mid: 4 }\n`;

  test("take the tasks from their number on, where neither model nor tier is named", () => {
    const tasks = [10, 8, 7, 4, 3].map((n) => `  - {id: d${n}, prompt: p, difficulty: ${n}}\n`);

    expect(models(`${tiers}tasks:\n${tasks.join("")}  - {id: none, prompt: p}\n`)).toEqual([
      ["t", "top", []],
      ["t", "top", []],
      ["m", "mid", []],
      ["m", "mid", []],
      [null, null, []],
      [null, null, []],
    ]);
  });

  test("give way to what the task names, and win over what the defaults name", () => {
    const text = `${tiers}defaults: { model: usual, difficulty: 9 }
tasks:
  - {id: a, prompt: p, difficulty: 9, model: own}
  - {id: b, prompt: p, difficulty: 9, tier: free}
  - {id: c, prompt: p, difficulty: 5}
  - {id: d, prompt: p, difficulty: 2}
  - {id: e, prompt: p}
`;
    expect(models(text)).toEqual([
      ["own", "top", []],
      ["f", "free", []],
      ["m", "mid", []],
      ["usual", "top", []],
      ["usual", "top", []],
    ]);
  });
});

describe("who stands in", () => {
  test("is named as a model, a tier, or a runner that takes its model of the same tier", () => {
    const text = `${byTier}tasks:
  - id: a
    prompt: p
    tier: top
    fallback: [{ model: x }, { tier: free }, { runner: claude }, { runner: claude, model: haiku }]
  - {id: b, prompt: p, fallback: [{ runner: claude }]}
`;
    expect(models(text)).toEqual([
      ["t", "top", ["kilo x", "kilo f", "claude opus", "claude haiku"]],
      [null, null, ["claude null"]],
    ]);
  });

  test("is whatever stands behind the first model of a tier, and nobody twice", () => {
    const text = `models: { kilo: { top: [t, u], free: [f, g] } }
defaults: { tier: top, fallback: [{ model: u }, { tier: free }, { model: t }], fallbackAfter: 10m }
tasks:
  - {id: a, prompt: p}
  - {id: b, run: make}
`;
    const loaded = loadPlan(`version: 1\n${text}`, known);

    expect(models(text)).toEqual([
      ["t", "top", ["kilo u", "kilo f", "kilo g"]],
      [null, null, []],
    ]);
    expect(loaded.ok && loaded.value.models).toEqual({ kilo: { top: "t", free: "f" } });
    expect(loaded.ok && loaded.value.tasks[0]?.fallbackAfterMs).toBe(600_000);
  });
});

test.each([
  [
    "tiers: { top: 4, mid: 4, free: 5 }\ntasks: [{id: a, prompt: p}]",
    [
      "BAD_VALUE 2:23 `mid` would never be used, as `top` begins at 4",
      "BAD_VALUE 2:32 `free` would never be used, as `mid` begins at 4",
    ],
  ],
  [
    "tiers: { top: 11, best: 3 }\ntasks: [{id: a, prompt: p}]",
    [
      "BAD_VALUE 2:15 `top` must be a whole number from 1 to 10, not `11`",
      "UNKNOWN_KEY 2:19 the key `best` is not known here",
    ],
  ],
  [
    "tiers: { top: 4 }\ntasks:\n  - {id: a, prompt: p, difficulty: 5}",
    ["NO_MODEL 4:36 `models` has no `top` model for `kilo`"],
  ],
  [
    "tasks:\n  - id: a\n    prompt: p\n    fallback: [{ tier: top }, { runner: kil }, {}, { runner: shell }, { modell: x }]",
    [
      "NO_MODEL 5:24 `models` has no `top` model for `kilo`",
      "UNKNOWN_RUNNER 5:41 there is no runner `kil`",
      "NO_MODEL 5:48 `fallback[2]` names neither a model, a tier nor a runner",
      "WRONG_RUNNER 5:62 `shell` runs commands and cannot be given a prompt",
      "UNKNOWN_KEY 5:73 the key `modell` is not known here",
    ],
  ],
  [
    "defaults: { fallback: { model: x }, fallbackAfter: 0s, silence: 25d }\ntasks: [{id: a, prompt: p}]",
    [
      "WRONG_TYPE 2:25 `fallback` must be a list such as `[{ model: MODEL }, { runner: RUNNER }]`, not a map",
      "BAD_DURATION 2:52 `fallbackAfter` must be from 1ms to 24d, not `0s`",
      "BAD_DURATION 2:65 `silence` must be from 1ms to 24d, not `25d`",
    ],
  ],
  [
    "budget: {}\ndefaults: { budget: { usd: 0, tokens: 1.5 } }\ntasks:\n  - {id: a, prompt: p, budget: { time: 2, money: 3 }}\n  - {id: b, prompt: p, budget: 5}",
    [
      "BAD_VALUE 2:9 `budget` has no limit",
      "BAD_VALUE 3:28 `usd` must be an amount from 0.01 to 1000000 dollars, not `0`",
      "BAD_VALUE 3:39 `tokens` must be a whole number from 1 to 1000000000000, not `1.5`",
      "WRONG_TYPE 5:40 `time` must be a duration such as `30s`, `5m` or `2h`, not `2`",
      "UNKNOWN_KEY 5:43 the key `money` is not known here",
      "WRONG_TYPE 6:32 `budget` must be a map such as `{ usd: 5, tokens: 500000, time: 2h }`, not `5`",
    ],
  ],
  [
    "models: { kilo: { top: [] } }\ntasks: [{id: a, prompt: p}]",
    ["BAD_VALUE 2:24 `top` must hold at least one model"],
  ],
])("%s is refused with the place of each mistake", (text, expected) => {
  const loaded = loadPlan(`version: 1\n${text}\n`, known);

  const found = loaded.ok
    ? []
    : loaded.error.map(({ code, line, column, message }) => {
        return `${code.replace("PLAN_", "")} ${line}:${column} ${message}`;
      });
  expect(found).toEqual(expected);
});
