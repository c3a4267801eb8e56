import { type Measure, measures } from "./budget.ts";
import type { Budget } from "./plan.ts";

/** An amount of one measure: dollars, tokens, or milliseconds. */
export function amountText(measure: Measure, amount: number): string {
  if (measure === "usd") return `$${amount.toFixed(amount !== 0 && amount < 0.01 ? 4 : 2)}`;
  if (measure === "tokens") return `${countText(amount)} tokens`;
  return timeText(amount);
}

/** How much of a limit is used, such as `$5.02 of $5.00`, and of how many attempts that is not known. */
export function usedText(mark: {
  readonly measure: Measure;
  readonly used: number;
  readonly limit: number;
  readonly unknown?: { readonly attempts: number; readonly of: number };
}): string {
  const { measure, used, limit, unknown } = mark;
  const text = `${amountText(measure, used)} of ${amountText(measure, limit)}`;
  return unknown === undefined ? text : `${text}, ${unknownText(measure, unknown)}`;
}

/** That attempts did not tell what they used. */
export function unknownText(
  measure: Measure,
  { attempts, of }: { readonly attempts: number; readonly of: number },
): string {
  const what = measure === "usd" ? "cost" : measure;
  return `${what} unknown for ${attempts} of ${of} ${of === 1 ? "attempt" : "attempts"}`;
}

/** Why a task gets no further attempt. */
export function overBudgetText(mark: Parameters<typeof usedText>[0]): string {
  return `its budget is used up: ${usedText(mark)}`;
}

/** A budget as `ra resume --budget` takes it. */
export function budgetFlags(budget: Budget): string {
  return measures.flatMap((measure) => flagOf(budget, measure)).join(",");
}

function flagOf(budget: Budget, measure: Measure): string[] {
  const { usd, tokens, timeMs } = budget;
  if (measure === "usd") return usd === undefined ? [] : [`${Number(usd.toFixed(2))}usd`];
  if (measure === "tokens") return tokens === undefined ? [] : [`${tokens}tokens`];
  return timeMs === undefined ? [] : [`${Math.max(1, Math.ceil(timeMs / 60_000))}m`];
}

function countText(count: number): string {
  if (count < 10_000) return String(Math.round(count));
  return count < 10_000_000 ? `${Math.round(count / 1000)}k` : `${Math.round(count / 1e6)}M`;
}

function timeText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const parts = [hours > 0 ? `${hours}h` : "", minutes > 0 ? `${minutes}m` : ""];
  if (hours === 0 && (seconds % 60 > 0 || minutes === 0)) parts.push(`${seconds % 60}s`);
  return parts.join("");
}
