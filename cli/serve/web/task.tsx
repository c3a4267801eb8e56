import { useState } from "preact/hooks";
import { useLocation, useRoute } from "preact-iso";
import type { Event } from "../../../core/run/event.ts";
import type { AttemptState, RunState, TaskState } from "../../../core/run/state.ts";
import { hasEnded } from "../../../core/run/task.ts";
import { TaskActions } from "./actions.tsx";
import { Activity } from "./activity.tsx";
import { TaskDiff } from "./diff.tsx";
import { LogView, type Printer, useLog } from "./log.tsx";
import { Asked, NotYet } from "./run.tsx";
import { useDriven, useNow, useRun } from "./told.ts";
import { between, reasonOf, Status, Tabs } from "./words.tsx";

const tabs = ["activity", "diff", "checks", "log", "prompt"] as const;

/** One task: where it is and why, and everything that came of it. */
export function TaskPage() {
  const { run = "", task: id = "" } = useRoute().params;
  const { query } = useLocation();
  const { state, events, trouble } = useRun(run);
  const [chosen, choose] = useState<number | null>(null);
  const task = state?.tasks.get(id);
  if (state === undefined) return <NotYet run={run} trouble={trouble} />;
  if (task === undefined) return <p class="empty">This run has no such task.</p>;
  const tab = tabs.find((name) => name === query.tab) ?? "activity";
  const attempt = task.attempts[(chosen ?? task.attempts.length) - 1];
  return (
    <>
      <TaskHead state={state} events={events} task={task} />
      <Asked state={state} of={id} />
      <Tabs names={tabs} now={tab} label="views of the task" />
      {task.attempts.length < 2 ? null : (
        <label class="attempt">
          Attempt{" "}
          <select
            value={`${attempt?.number ?? ""}`}
            onChange={({ currentTarget }) => choose(Number(currentTarget.value))}
          >
            {task.attempts.map(({ number }) => (
              <option key={number}>{number}</option>
            ))}
          </select>
        </label>
      )}
      {tab === "activity" ? (
        <Activity state={state} events={events} task={id} attempt={attempt} />
      ) : null}
      {tab === "diff" ? (
        <TaskDiff run={run} task={id} attempt={chosen} version={versionOf(task)} />
      ) : null}
      {tab === "checks" ? <Checks run={run} task={task} attempt={attempt} /> : null}
      {tab === "log" ? <Log run={run} task={id} attempt={attempt} /> : null}
      {tab === "prompt" ? <Prompt run={run} task={task} attempt={attempt} /> : null}
    </>
  );
}

function TaskHead({
  state,
  events,
  task,
}: {
  readonly state: RunState;
  readonly events: readonly Event[];
  readonly task: TaskState;
}) {
  const { id, description, runner, model, touching } = task.task;
  const isDriven = useDriven(state.id);
  const isOver = hasEnded(task) || state.finishedAt !== null;
  const now = useNow(!isOver);
  const last = task.attempts.at(-1);
  const facts = [
    [last?.runner ?? runner, last?.model ?? model].filter((word) => word !== null).join(" "),
    task.attempts.length > 1 ? `${task.attempts.length} attempts` : "",
    last === undefined ? "" : between(last.startedAt, last.finishedAt ?? task.finishedAt, now),
    last?.usage?.costUsd == null ? "" : `$${last.usage.costUsd.toFixed(2)}`,
    touching.join(" "),
  ];
  return (
    <>
      <p class="path">
        <a href={`/r/${state.id}`}>{state.name}</a> /
      </p>
      <h1>{id}</h1>
      {description === id ? null : <p>{description}</p>}
      <p class="facts">
        <Status of={task.status} /> {reasonOf(task)}
      </p>
      <p class="facts">{facts.filter((fact) => fact !== "").join(" · ")}</p>
      {task.foreseen.map(({ with: other, paths }) => (
        <p key={`${other} ${paths}`} class="facts ask">
          ! as it was then it conflicted with {other ?? "what has landed"} in {paths.join(", ")}
        </p>
      ))}
      <TaskActions state={state} events={events} isDriven={isDriven} task={task} />
    </>
  );
}

/** Changes with whatever may change what a task has changed. */
function versionOf({ commit, attempts, status }: TaskState): string {
  return `${commit} ${attempts.length} ${status}`;
}

interface OfAttempt {
  readonly run: string;
  readonly attempt: AttemptState | undefined;
}

function Checks({ run, task, attempt }: { readonly task: TaskState } & OfAttempt) {
  const { verify, id } = task.task;
  const landing = attempt?.landing ?? null;
  const findings = [
    ...(attempt?.findings ?? []),
    ...(landing?.kind === "rejected" ? landing.findings : []),
  ];
  return (
    <>
      <p>{verify === null ? "This task has no check command." : <code>{verify}</code>}</p>
      {landing === null ? null : <p>{landingText(landing)}</p>}
      <ul>
        {findings.map(({ check, severity, message, paths }) => (
          <li key={`${check} ${message}`} class={severity === "note" ? "quiet" : "ask"}>
            {severity}, {check}: {message} {paths.join(", ")}
          </li>
        ))}
        {task.warnings.map((warning) => (
          <li key={warning} class="ask">
            {warning}
          </li>
        ))}
      </ul>
      {verify === null || attempt === undefined ? null : (
        <LogView run={run} task={id} attempt={attempt.number} of="checks/1/log" />
      )}
    </>
  );
}

function landingText(landing: NonNullable<AttemptState["landing"]>): string {
  switch (landing.kind) {
    case "merged":
      return [`✓ landed as ${landing.commit.slice(0, 7)}`, ...(landing.verified?.notes ?? [])].join(
        ", ",
      );
    case "nothing":
      return "There was nothing to land.";
    case "conflicted":
      return `✗ a conflict with ${landing.with.join(", ") || "the target"} in ${landing.paths.join(", ")}`;
    case "rejected":
      return "✗ held back by what a check found";
    case "unverified":
      return `✗ ${landing.message}`;
  }
}

function Log({ run, task, attempt }: { readonly task: string } & OfAttempt) {
  if (attempt === undefined) return <p class="empty">Nothing has been tried yet.</p>;
  return <LogView key={attempt.number} run={run} task={task} attempt={attempt.number} />;
}

/** What an agent was told, to the letter; before its first attempt what the plan asks. */
function Prompt({ run, task: { task }, attempt }: { readonly task: TaskState } & OfAttempt) {
  const { work, id } = task;
  const asked = work.kind === "command" ? work.command : work.prompt;
  if (work.kind === "command" || attempt === undefined) return <pre class="text">{asked}</pre>;
  return <Told key={attempt.number} run={run} task={id} attempt={attempt.number} asked={asked} />;
}

function Told({ asked, ...printer }: Printer & { readonly asked: string }) {
  const { text } = useLog({ ...printer, of: "prompt" });
  return <pre class="text">{text === "" ? asked : text}</pre>;
}
