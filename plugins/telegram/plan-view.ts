import { oneLine } from "../../core/plugin/index.ts";
import type { Buttons } from "./bot.ts";
import { button } from "./clicks.ts";
import { code, type Piece, type Words, words } from "./words.ts";

/** A named plan, as the gateway lists it. */
export interface PlanOutline {
  readonly name: string;
  readonly about: string | null;
  readonly params: Readonly<Record<string, { readonly type: string }>>;
  readonly mode: string | null;
  readonly tasks: readonly {
    readonly id: string;
    readonly description: string;
    readonly deps: readonly string[];
    /** Others may run beside it. */
    readonly beside: boolean;
  }[];
}

type Values = Readonly<Record<string, string | number | boolean>>;

/** Tasks of a plan that are shown. */
const tasksMax = 40;

/** A plan before it runs: its tasks, with a sign before those that run beside others. */
export function planWords({ name, about, tasks }: PlanOutline, params: Values): Words {
  const given = Object.entries(params).flatMap(([key, value]): Piece[] => [
    `\n${key} = `,
    code(String(value)),
  ]);
  const lines = tasks.slice(0, tasksMax).map(({ id, description, deps, beside }) => {
    const after = deps.length === 0 ? "" : `  after ${oneLine(deps.join(", "), 80)}`;
    const what = description === id ? "" : `  ${oneLine(description, 80)}`;
    return `\n${beside ? "∥" : "  "} ${id}${what}${after}`;
  });
  const more = tasks.length > tasksMax ? [`\nand ${tasks.length - tasksMax} more`] : [];
  const head = `${name}${about === null ? "" : `: ${oneLine(about)}`} · ${countOf(tasks.length)}`;
  return words([head, ...given, ...lines, ...more]);
}

function countOf(tasks: number): string {
  return tasks === 1 ? "1 task" : `${tasks} tasks`;
}

/** Runs a plan with a stop after each task, or without. `draft`: the message that asked for it. */
export function planButtons(draft: number): Buttons {
  return [
    [
      button("Execute", { kind: "execute", draft, how: "step" }),
      button("Execute (auto)", { kind: "execute", draft, how: "auto" }),
    ],
  ];
}

/** A request in somebody's own words before it runs. */
export const promptWords: Words = words(["Run this as a task of its own?"]);

/** Runs such a request. */
export function promptButtons(draft: number): Buttons {
  return [[button("Execute", { kind: "execute", draft, how: "plain" })]];
}

/** What can be typed, and the plans there are. */
export function helpWords(plans: readonly PlanOutline[]): Words {
  const list = plans.map(({ name, about, params }) => {
    const keys = Object.entries(params).map(([key, { type }]) => ` ${key}=${type.toUpperCase()}`);
    return `\n/run ${name}${keys.join("")}${about === null ? "" : `  ${oneLine(about, 100)}`}`;
  });
  return words([
    "/ps  what runs and what waits",
    "\n/stop RUN or RUN/TASK  ends it; its work is kept",
    "\n/continue RUN  lets a run go on that waits",
    "\n/log RUN or RUN/TASK  what it printed",
    plans.length === 0 ? "\nNo plan may be run by name." : "\n\nPlans:",
    ...list,
  ]);
}
