import { amountText, unknownText, usedText } from "../../core/plan/budget-words.ts";
import { marksOf, type Spending, spentBy, spentByAll } from "../../core/run/spending.ts";
import type { RunState, TaskState } from "../../core/run/state.ts";
import { raiseCommand } from "../raised-budget.ts";

/** Tasks that are named for what they used. */
const namedMax = 3;

/** What a run has used, on one line: of its budget, or as such; empty when nobody told anything. */
export function spentText(state: RunState): string {
  const spent = spentOf(state);
  const limited = new Set(marksOf(state.budget, spent).map(({ measure }) => measure));
  const parts = marksOf(state.budget, spent).map(usedText);
  if (!limited.has("usd")) parts.push(...plain("usd", spent.usd, spent.usdUnknown, spent));
  if (!limited.has("tokens")) {
    parts.push(...plain("tokens", spent.tokens, spent.tokensUnknown, spent));
  }
  return parts.join(", ");
}

/** Nothing is said of what no attempt told and no budget limits. */
function plain(
  measure: "usd" | "tokens",
  used: number,
  unknown: number,
  { attempts }: Spending,
): string[] {
  if (attempts === 0 || unknown === attempts) return [];
  const rest =
    unknown === 0 ? "" : ` (${unknownText(measure, { attempts: unknown, of: attempts })})`;
  return [`${amountText(measure, used)}${rest}`];
}

/** The end of a run that came to a limit of its budget: what it used, who used most, and the command that goes on. */
export function pausedLines(state: RunState): { readonly head: string; readonly most: string } {
  const { overBudget } = state;
  if (overBudget === null) return { head: "", most: "" };
  const { measure } = overBudget;
  const used = [...state.tasks.values()]
    .map((task) => ({ id: task.task.id, tries: task.attempts.length, spent: spentBy(task) }))
    .map((each) => ({
      ...each,
      amount: measure === "time" ? each.spent.timeMs : each.spent[measure],
    }))
    .filter(({ amount }) => amount > 0)
    .sort((a, b) => b.amount - a.amount)
    .slice(0, namedMax)
    .map(({ id, amount, tries }) => {
      const count = tries > 1 ? ` (${tries} attempts)` : "";
      return `${id} ${amountText(measure, amount)}${count}`;
    });
  return {
    head: `budget: run ${state.id} used ${usedText(overBudget)}; what ran came to its end, nothing was killed`,
    most: used.join(", "),
  };
}

/** The command that goes on with a run that came to a limit of its budget; null when it did not. */
export function raiseHint(state: RunState): string | null {
  return state.overBudget === null ? null : raiseCommand(state.id, [state.overBudget]);
}

/** The command that gives a task that used up its budget more of it; null for any other task. */
export function taskRaiseHint(state: RunState, task: TaskState): string | null {
  if (task.error?.kind !== "budget") return null;
  const over = marksOf(task.budget, spentBy(task)).filter(({ used, limit }) => used >= limit);
  if (over.length === 0) return `ra resume ${state.id}`;
  const command = raiseCommand(state.id, over);
  return command.replace(/--budget .*$/, (flags) =>
    flags.replace(/(^--budget |,)/g, `$1${task.task.id}=`),
  );
}

/** What a run has used until now; `timeMs` is how long it was driven. */
export function spentOf(state: RunState): Spending {
  const spent = spentByAll(state.tasks.values());
  const end = state.finishedAt === null ? Date.now() : null;
  const open = end === null ? 0 : Math.max(0, end - Date.parse(state.ownedSince));
  return { ...spent, timeMs: state.drivenMs + open };
}
