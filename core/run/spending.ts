import { limitOf, type Measure, measures } from "../plan/budget.ts";
import type { Budget } from "../plan/plan.ts";
import type { BudgetMark } from "./event.ts";
import type { Usage } from "./model.ts";
import type { AttemptState, TaskState } from "./task.ts";

/** What attempts used, as far as they told. A plain command uses nothing but time. */
export interface Spending {
  usd: number;
  tokens: number;
  timeMs: number;
  /** Attempts of agents, and those of them that did not tell. */
  attempts: number;
  usdUnknown: number;
  tokensUnknown: number;
}

/** Nothing yet. */
export function nothingSpent(): Spending {
  return { usd: 0, tokens: 0, timeMs: 0, attempts: 0, usdUnknown: 0, tokensUnknown: 0 };
}

/** Adds an attempt of an agent that has ended. */
export function addUsage(spent: Spending, usage: Usage | null): void {
  spent.attempts += 1;
  spent.usd += usage?.costUsd ?? 0;
  if (usage?.costUsd == null) spent.usdUnknown += 1;
  const tokens = tokensOf(usage);
  spent.tokens += tokens ?? 0;
  if (tokens === null) spent.tokensUnknown += 1;
}

/** Tokens in and out together; null when neither is known. */
export function tokensOf(usage: Usage | null): number | null {
  if (usage === null || (usage.inputTokens === null && usage.outputTokens === null)) return null;
  return (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0);
}

/** What the attempts of a task that have ended used. */
export function spentBy(task: TaskState): Spending {
  const spent = nothingSpent();
  for (const attempt of task.attempts) {
    if (attempt.outcome === null) continue;
    spent.timeMs += attempt.durationMs ?? 0;
    if (isOfAgent(task, attempt)) addUsage(spent, attempt.usage);
  }
  return spent;
}

/** What all the tasks of a run used; `timeMs` is that of the attempts, not of the run. */
export function spentByAll(tasks: Iterable<TaskState>): Spending {
  const all = nothingSpent();
  for (const task of tasks) {
    const one = spentBy(task);
    for (const key of Object.keys(all) as (keyof Spending)[]) all[key] += one[key];
  }
  return all;
}

/** False for a plain command; the conflict of one is resolved by an agent. */
export function isOfAgent(
  { task }: Pick<TaskState, "task">,
  { runner }: Pick<AttemptState, "runner">,
): boolean {
  return task.work.kind !== "command" || runner !== task.runner;
}

/** How far each limit of a budget is used up, in the order of the measures. */
export function marksOf(budget: Budget, spent: Spending): BudgetMark[] {
  return measures.flatMap((measure) => {
    const limit = limitOf(budget, measure);
    return limit === null ? [] : [markOf(measure, limit, spent)];
  });
}

function markOf(measure: Measure, limit: number, spent: Spending): BudgetMark {
  const used = measure === "time" ? spent.timeMs : spent[measure];
  const attempts =
    measure === "usd" ? spent.usdUnknown : measure === "tokens" ? spent.tokensUnknown : 0;
  return {
    ...{ measure, used, limit },
    ...(attempts === 0 ? {} : { unknown: { attempts, of: spent.attempts } }),
  };
}
