import type { Clock } from "../clock.ts";
import { overBudgetText } from "../plan/budget-words.ts";
import type { Budget, Plan } from "../plan/plan.ts";
import type { BudgetMark, Fact } from "../run/event.ts";
import type { TaskError, Usage } from "../run/model.ts";
import {
  addUsage,
  isOfAgent,
  marksOf,
  nothingSpent,
  type Spending,
  spentBy,
  tokensOf,
} from "../run/spending.ts";
import type { RunState } from "../run/state.ts";
import type { Assignment } from "./assignment.ts";

/** From which part of a budget on a person is warned. */
const nearPart = 0.8;

/** An attempt under way. */
interface Live {
  readonly startedMs: number;
  /** What it has used so far; null while it does not say. */
  usage: Usage | null;
}

/** What a run and its tasks have used of their budgets. */
export class Ledger {
  readonly #clock: Clock;
  readonly #plan: Plan;
  readonly #budget: Budget;
  readonly #onDue: () => void;
  readonly #run = nothingSpent();
  /** Only of tasks that have a budget. */
  readonly #tasks = new Map<number, { readonly budget: Budget; readonly spent: Spending }>();
  readonly #live = new Map<number, Live>();
  /** Tasks with a budget that have used something since the last look. */
  readonly #dirty = new Set<number>();
  readonly #told = new Set<string>();
  readonly #startedMs: number;
  /** Null: no limit of time is to come. */
  #timer: AbortController | null = null;

  constructor(input: {
    readonly clock: Clock;
    readonly plan: Plan;
    /** What the log knows of the run already. */
    readonly before: RunState | undefined;
    /** Called when a limit of time may have come. */
    readonly onDue: () => void;
  }) {
    const { clock, plan, before } = input;
    this.#clock = clock;
    this.#plan = plan;
    this.#onDue = input.onDue;
    this.#budget = before?.budget ?? plan.budget ?? {};
    this.#startedMs = clock.monotonic();
    this.#run.timeMs = before?.drivenMs ?? 0;
    for (const { id, position, budget: planned = {} } of plan.tasks) {
      const known = before?.tasks.get(id);
      const budget = known?.budget ?? planned;
      const spent = known === undefined ? nothingSpent() : spentBy(known);
      if (Object.keys(budget).length > 0) {
        this.#tasks.set(position, { budget, spent });
        if (known !== undefined && known.attempts.length > 0) this.#dirty.add(position);
      }
      addAll(this.#run, { ...spent, timeMs: 0 });
    }
  }

  /** An attempt starts. */
  started({ position }: Assignment): void {
    this.#live.set(position, { startedMs: this.#clock.monotonic(), usage: null });
    if (this.#tasks.has(position)) this.#dirty.add(position);
  }

  /** An attempt under way tells what it has used so far. */
  reported({ position }: Assignment, usage: Usage | null): void {
    const live = this.#live.get(position);
    if (live && usage !== null) live.usage = usage;
  }

  /** An attempt has ended. */
  ended({ position, task, runner }: Assignment, usage: Usage | null): void {
    const live = this.#live.get(position);
    this.#live.delete(position);
    const own = this.#tasks.get(position)?.spent;
    if (own && live) own.timeMs += this.#clock.monotonic() - live.startedMs;
    if (!isOfAgent({ task }, { runner: runner.name })) return;
    // What it said on its way counts when it ended without a last word.
    const used = usage ?? live?.usage ?? null;
    addUsage(this.#run, used);
    if (own) addUsage(own, used);
  }

  /** The first limit of the run that is used up; null: it may go on. */
  get runOver(): BudgetMark | null {
    return marksOf(this.#budget, this.#runNow()).find(isOver) ?? null;
  }

  /** Why a task may not start another attempt; null: it may. */
  taskError(position: number): TaskError | null {
    const own = this.#tasks.get(position);
    if (own === undefined) return null;
    const mark = marksOf(own.budget, this.#taskNow(position, own.spent)).find(isOver);
    return mark === undefined ? null : { kind: "budget", message: overBudgetText(mark) };
  }

  /** Facts of limits that have come near or were reached since the last look, each once. Asks for the next look by itself. */
  look(): Fact[] {
    const facts = this.#news(null, marksOf(this.#budget, this.#runNow()));
    for (const position of this.#dirty) {
      const own = this.#tasks.get(position);
      if (own === undefined) continue;
      const id = this.#plan.tasks[position]?.id ?? "";
      facts.push(...this.#news(id, marksOf(own.budget, this.#taskNow(position, own.spent))));
      if (!this.#live.has(position)) this.#dirty.delete(position);
    }
    this.#lookAgain();
    return facts;
  }

  /** Stops the timer. */
  close(): void {
    this.#timer?.abort();
  }

  #news(task: string | null, marks: readonly BudgetMark[]): Fact[] {
    return marks.flatMap((mark) => {
      const part = mark.used / mark.limit;
      const type = part >= 1 ? "budget.reached" : part >= nearPart ? "budget.neared" : null;
      const key = `${task ?? ""} ${mark.measure}`;
      if (type === null || this.#told.has(`${key} ${type}`)) return [];
      this.#told.add(`${key} ${type}`);
      return [{ type, ...(task === null ? {} : { task }), ...mark } as const];
    });
  }

  #runNow(): Spending {
    const now = { ...this.#run };
    now.timeMs += this.#clock.monotonic() - this.#startedMs;
    for (const { usage } of this.#live.values()) addReported(now, usage);
    return now;
  }

  #taskNow(position: number, spent: Spending): Spending {
    const live = this.#live.get(position);
    if (live === undefined) return spent;
    const now = { ...spent };
    now.timeMs += this.#clock.monotonic() - live.startedMs;
    addReported(now, live.usage);
    return now;
  }

  /** Time passes without anything happening, so the next limit of it needs an alarm. */
  #lookAgain(): void {
    this.#timer?.abort();
    this.#timer = null;
    const waits = [waitOf(this.#budget, this.#runNow())];
    for (const position of this.#live.keys()) {
      const own = this.#tasks.get(position);
      if (own) waits.push(waitOf(own.budget, this.#taskNow(position, own.spent)));
    }
    const ms = Math.min(...waits);
    if (!Number.isFinite(ms)) return;
    this.#timer = new AbortController();
    const { signal } = this.#timer;
    void this.#clock.sleep(Math.ceil(ms), signal).then(() => {
      if (!signal.aborted) this.#onDue();
    });
  }
}

function isOver({ used, limit }: BudgetMark): boolean {
  return used >= limit;
}

/** Milliseconds until the next limit of time that has not come yet. */
function waitOf({ timeMs: limit }: Budget, { timeMs: used }: Spending): number {
  if (limit === undefined) return Number.POSITIVE_INFINITY;
  const next = [nearPart * limit, limit].find((at) => at > used);
  return next === undefined ? Number.POSITIVE_INFINITY : next - used;
}

function addReported(spent: Spending, usage: Usage | null): void {
  spent.usd += usage?.costUsd ?? 0;
  spent.tokens += tokensOf(usage) ?? 0;
}

function addAll(to: Spending, from: Spending): void {
  for (const key of Object.keys(to) as (keyof Spending)[]) to[key] += from[key];
}
