import { describe, expect, test } from "bun:test";
import { parseAmount } from "../../core/plan/budget.ts";
import { amountText, budgetFlags, usedText } from "../../core/plan/budget-words.ts";
import { loadPlan } from "../../core/plan/load.ts";

describe("an amount as it is typed", () => {
  test.each([
    ["8usd", { usd: 8 }],
    ["$8.50", { usd: 8.5 }],
    ["500ktokens", { tokens: 500_000 }],
    ["1.5mtok", { tokens: 1_500_000 }],
    ["12000tokens", { tokens: 12_000 }],
    ["2h", { timeMs: 7_200_000 }],
  ])("%s is understood", (text, amount) => {
    expect(parseAmount(text)).toEqual(amount);
  });

  test.each([
    "8",
    "0usd",
    "$",
    "8eur",
    "-1usd",
    "1e3usd",
    "2 h",
    "0tokens",
    "25d",
    "9999999999usd",
  ])("%s is not", (text) => {
    expect(parseAmount(text)).toBeNull();
  });

  test("comes out of the words for a budget as it went in", () => {
    const budget = { usd: 8.5, tokens: 500_000, timeMs: 7_200_000 };

    const items = budgetFlags(budget).split(",").map(parseAmount);

    expect(Object.assign({}, ...items)).toEqual(budget);
  });
});

test("what is used is told with what is not known", () => {
  const mark = { measure: "usd", used: 4.019, limit: 5 } as const;

  expect(usedText(mark)).toBe("$4.02 of $5.00");
  expect(usedText({ ...mark, unknown: { attempts: 3, of: 5 } })).toBe(
    "$4.02 of $5.00, cost unknown for 3 of 5 attempts",
  );
  expect(amountText("usd", 0.0004)).toBe("$0.0004");
  expect(amountText("tokens", 123_456)).toBe("123k tokens");
  expect(amountText("time", 3_723_000)).toBe("1h2m");
});

test("a plan's budgets are read, and a task's limits join those of the defaults", () => {
  const loaded = loadPlan(
    `version: 1
budget: { usd: 5, time: 2h }
defaults: { budget: { usd: 1, tokens: 1000 } }
tasks:
  - {id: a, prompt: p, budget: { usd: 2 }}
  - {id: b, run: make}
`,
    { runners: ["kilo", "shell"] },
  );

  expect(loaded.ok && loaded.value.budget).toEqual({ usd: 5, timeMs: 7_200_000 });
  expect(loaded.ok && loaded.value.tasks.map(({ budget }) => budget)).toEqual([
    { usd: 2, tokens: 1000 },
    { usd: 1, tokens: 1000 },
  ]);
});
