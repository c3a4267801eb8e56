import { parseDuration } from "./duration.ts";
import type { Budget } from "./plan.ts";

/** What a budget can be of. */
export type Measure = "usd" | "tokens" | "time";

/** Every measure, in the order in which people are told of them. */
export const measures: readonly Measure[] = ["usd", "tokens", "time"];

/** The most dollars and tokens of a budget. */
export const usdMax = 1_000_000;
export const tokensMax = 1_000_000_000_000;

const scales: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, b: 1e9 };

/** One amount as it is typed, `8usd`, `$8`, `500ktokens` or `2h`; null when it is none. */
export function parseAmount(text: string): Budget | null {
  const money = /^(?:\$(\d{1,7}(?:\.\d{1,6})?)|(\d{1,7}(?:\.\d{1,6})?)usd)$/i.exec(text);
  if (money) {
    const usd = Number(money[1] ?? money[2]);
    return usd > 0 && usd <= usdMax ? { usd } : null;
  }
  const count = /^(\d{1,13}(?:\.\d{1,3})?)([kmb]?)tok(?:ens?)?$/i.exec(text);
  if (count) {
    const tokens = Math.round(Number(count[1]) * (scales[(count[2] ?? "").toLowerCase()] ?? 1));
    return tokens >= 1 && tokens <= tokensMax ? { tokens } : null;
  }
  const timeMs = parseDuration(text);
  return timeMs === null ? null : { timeMs };
}

/** The limit of one measure in its own unit: dollars, tokens, milliseconds; null when there is none. */
export function limitOf(budget: Budget, measure: Measure): number | null {
  return (measure === "time" ? budget.timeMs : budget[measure]) ?? null;
}
