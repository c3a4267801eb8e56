import { ExitCode, RaError } from "../core/error.ts";
import { parseAmount } from "../core/plan/budget.ts";
import { budgetFlags, usedText } from "../core/plan/budget-words.ts";
import type { Budget, Plan } from "../core/plan/plan.ts";
import type { BudgetMark } from "../core/run/event.ts";
import { marksOf, spentByAll } from "../core/run/spending.ts";
import type { RunState } from "../core/run/state.ts";
import { usageError } from "./usage.ts";

/** New limits of a run and of single tasks, as a person typed them. */
export interface Raise {
  readonly budget?: Budget;
  readonly budgets?: Readonly<Record<string, Budget>>;
}

/** How much of a limit that was reached is proposed as the next one. */
const raiseFactor = 1.6;

/** Reads the items of `--budget`: `8usd`, `500ktokens`, `2h`, or `TASK=8usd`. Throws `RaError` (exit 2). */
export function readRaise(
  items: readonly string[],
  tasks: { has(id: string): boolean },
  seen: string,
): Raise {
  let budget: Budget = {};
  const budgets: Record<string, Budget> = {};
  for (const item of items) {
    const equals = item.lastIndexOf("=");
    const task = equals < 0 ? null : item.slice(0, equals);
    const amount = parseAmount(item.slice(equals + 1));
    if (amount === null) {
      throw usageError(
        `option \`--budget\` does not know \`${item}\``,
        "write `8usd`, `500ktokens`, `2h`, or `TASK=8usd` for one task",
      );
    }
    if (task === null) budget = { ...budget, ...amount };
    else if (!tasks.has(task)) {
      throw usageError(`the run has no task \`${task}\``, `see them with \`${seen}\``);
    } else budgets[task] = { ...budgets[task], ...amount };
  }
  return {
    ...(Object.keys(budget).length === 0 ? {} : { budget }),
    ...(Object.keys(budgets).length === 0 ? {} : { budgets }),
  };
}

/** The plan with limits from the command line in the place of its own, each measure by itself. Throws `RaError` (exit 2). */
export function withBudgets(plan: Plan, items: readonly string[]): Plan {
  if (items.length === 0) return plan;
  const ids = new Set(plan.tasks.map(({ id }) => id));
  const { budget, budgets } = readRaise(items, ids, "ra graph PLAN");
  const tasks = plan.tasks.map((task) => {
    const own = budgets?.[task.id];
    return own === undefined ? task : { ...task, budget: { ...task.budget, ...own } };
  });
  return { ...plan, tasks, ...(budget && { budget: { ...plan.budget, ...budget } }) };
}

/** Throws `RaError` (exit 5) when the run would come to a limit of its budget before anything starts. */
export function refuseUsedUp(state: RunState, { budget }: Raise): void {
  const now = { ...state.budget, ...budget };
  const spent = { ...spentByAll(state.tasks.values()), timeMs: state.drivenMs };
  const over = marksOf(now, spent).filter(({ used, limit }) => used >= limit);
  if (over.length === 0) return;
  throw new RaError({
    code: "BUDGET_REACHED",
    exitCode: ExitCode.budget,
    message: `the budget of run \`${state.id}\` is used up: ${over.map(usedText).join("; ")}`,
    hint: `\`${raiseCommand(state.id, over)}\` goes on`,
  });
}

/** The command that goes on with more of what was used up. */
export function raiseCommand(run: string, over: readonly BudgetMark[]): string {
  const raised: { -readonly [K in keyof Budget]: Budget[K] } = {};
  for (const { measure, used, limit } of over) {
    const next = Math.max(used, limit) * raiseFactor;
    if (measure === "time") raised.timeMs = next;
    else if (measure === "usd") raised.usd = Math.ceil(next * 10) / 10;
    else raised.tokens = Math.ceil(next / 1000) * 1000;
  }
  return `ra resume ${run} --budget ${budgetFlags(raised)}`;
}
