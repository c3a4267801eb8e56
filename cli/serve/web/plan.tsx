import type { ComponentChildren } from "preact";
import { limitOf, measures } from "../../../core/plan/budget.ts";
import { amountText } from "../../../core/plan/budget-words.ts";
import type { Budget, Task } from "../../../core/plan/plan.ts";
import type { RunState } from "../../../core/run/state.ts";
import { duration } from "../../view/text.ts";
import { Some } from "./some.tsx";

/** A key of a plan and what it says; what is null is not said. */
type Said = readonly [key: string, value: ComponentChildren];

/** The plan as it was dispatched, with every default filled in. */
export function PlanView({ state }: { readonly state: RunState }) {
  const { plan, planPath, mode, concurrency, target, base } = state;
  return (
    <>
      <Keys
        of={[
          ["file", planPath],
          ["mode", mode],
          ["concurrency", concurrency],
          ["target", target],
          ["base", base === null ? null : <code>{base}</code>],
          ["shared", listed(plan.shared)],
          ["budget", budgetOf(plan.budget)],
        ]}
      />
      <Some of={plan.tasks}>
        {(tasks) => tasks.map((task) => <PlannedTask key={task.id} run={state.id} task={task} />)}
      </Some>
    </>
  );
}

function PlannedTask({ run, task }: { readonly run: string; readonly task: Task }) {
  const { id, description, work } = task;
  const asked = work.kind === "prompt" ? work.prompt : work.command;
  // Where the plan has none it is the id, or begins as the prompt does.
  const isOwn = description !== id && !asked.startsWith(description.replace(/…$/, ""));
  return (
    <article class="card" data-item tabIndex={0}>
      <h2>
        <a href={`/r/${run}/t/${id}`}>{id}</a>
      </h2>
      {isOwn ? <p>{description}</p> : null}
      <Keys of={keysOf(run, task)} />
      <pre class="text short">{asked}</pre>
    </article>
  );
}

/** What a task says, in the words of the plan. */
function keysOf(run: string, task: Task): readonly Said[] {
  const { runner, model, tier, deps, touching, scope, verify, retries, env, resolver } = task;
  const needs = deps.map((dep, i) => (
    <>
      {i === 0 ? "" : ", "}
      <a href={`/r/${run}/t/${dep}`}>{dep}</a>
    </>
  ));
  const by = resolver === null ? "" : `, by ${namedBy(resolver)}`;
  return [
    ["deps", deps.length === 0 ? null : needs],
    ["runner", [namedBy({ runner, model }), tier].filter((word) => word !== null).join(", ")],
    ["fallback", listed(task.fallback?.map(namedBy) ?? [])],
    ["touching", listed(touching)],
    ["scope", touching.length === 0 ? null : scope],
    ["keep", listed(task.keep)],
    ["verify", verify === null ? null : <code>{verify}</code>],
    ["onConflict", `${task.onConflict}${by}`],
    ["isolation", task.isolation],
    ["parallel", task.parallel ? null : "no"],
    ["timeout", duration(task.timeoutMs)],
    ["retries", retries.max === 0 ? null : retries.max],
    ["budget", budgetOf(task.budget)],
    [
      "env",
      listed(
        Object.entries(env).map(([name, value]) => `${name}=${value}`),
        "\n",
      ),
    ],
    ["done", task.done ? "before this run" : null],
  ];
}

function namedBy({
  runner,
  model,
}: {
  readonly runner: string;
  readonly model: string | null;
}): string {
  return model === null ? runner : `${runner} ${model}`;
}

function listed(all: readonly string[], between = " "): ComponentChildren {
  return all.length === 0 ? null : <code>{all.join(between)}</code>;
}

function budgetOf(budget: Budget = {}): string {
  const limits = measures.map((measure) => [measure, limitOf(budget, measure)] as const);
  const set = limits.map(([measure, limit]) => (limit === null ? "" : amountText(measure, limit)));
  return set.filter((text) => text !== "").join(", ");
}

function Keys({ of }: { readonly of: readonly Said[] }) {
  return (
    <dl class="said">
      {of.map(([key, value]) =>
        value === null || value === "" ? null : (
          <div key={key}>
            <dt>{key}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
