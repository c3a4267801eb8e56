import { useLocation, useRoute } from "preact-iso";
import type { Event } from "../../../core/run/event.ts";
import { openQuestions } from "../../../core/run/question.ts";
import type { RunState } from "../../../core/run/state.ts";
import { RunActions } from "./actions.tsx";
import { EventList } from "./event-list.tsx";
import { Graph } from "./graph.tsx";
import { PlanView } from "./plan.tsx";
import { Question } from "./question.tsx";
import { TaskTable } from "./task-table.tsx";
import { Timeline } from "./timeline.tsx";
import { useDriven, useNow, useRun, useTold } from "./told.ts";
import { between, costOf, Status, Tabs, Trouble } from "./words.tsx";

const tabs = ["graph", "timeline", "table", "events", "plan"] as const;

/** One run: what needs you in it, and five ways to look at the rest. */
export function RunPage() {
  const { run = "" } = useRoute().params;
  const { query } = useLocation();
  const { state, events, trouble } = useRun(run);
  const tab = tabs.find((name) => name === query.tab) ?? "graph";
  if (state === undefined) return <NotYet run={run} trouble={trouble} />;
  return (
    <>
      <RunHead state={state} events={events} />
      <Asked state={state} />
      <Tabs names={tabs} now={tab} label="views of the run" />
      <View tab={tab} state={state} events={events} />
    </>
  );
}

interface OfRun {
  readonly state: RunState;
  readonly events: readonly Event[];
}

function View({ tab, state, events }: { readonly tab: (typeof tabs)[number] } & OfRun) {
  switch (tab) {
    case "graph":
      return <Graph state={state} />;
    case "timeline":
      return <Timeline state={state} events={events} />;
    case "table":
      return <TaskTable state={state} />;
    case "events":
      return <EventList events={events} state={state} />;
    case "plan":
      return <PlanView state={state} />;
  }
}

/** What stands above a run, and what can be done with it. */
function RunHead({ state, events }: OfRun) {
  const isDriven = useDriven(state.id);
  const isOver = state.finishedAt !== null;
  const now = useNow(!isOver);
  const { name, id, target, base, startedAt, finishedAt, published, tasks } = state;
  const done = [...tasks.values()].filter(({ status }) => status === "done").length;
  const facts = [
    id,
    ...(target === null ? [] : [`${target}@${base?.slice(0, 7) ?? ""}`]),
    `${done}/${tasks.size} done`,
    between(startedAt, finishedAt, now),
    costOf(state),
  ];
  return (
    <>
      <h1>{name}</h1>
      <p class="facts">
        <Status of={isDriven ? statusNow(state) : "broken off"} />{" "}
        {facts.filter((fact) => fact !== "").join(" · ")}
      </p>
      {published?.keptOn == null ? null : (
        <Trouble>
          What it made waits on <code>{published.keptOn}</code>: {published.reason}.
        </Trouble>
      )}
      {isDriven ? null : (
        <Trouble>
          The <code>ra</code> that drove it is gone.
        </Trouble>
      )}
      <RunActions state={state} events={events} isDriven={isDriven} />
    </>
  );
}

/** A run whose agent waits for a person needs that person. */
function statusNow({ status, tasks }: RunState): string {
  const asks = [...tasks.values()].some((task) => task.status === "needs-you");
  return status === "running" && asks ? "needs-you" : status;
}

/** What agents of a run, or of one task of it, ask. */
export function Asked({ state, of }: { readonly state: RunState; readonly of?: string }) {
  const open = [...state.tasks.values()].flatMap(({ task, attempts }) =>
    of !== undefined && task.id !== of
      ? []
      : openQuestions(attempts.at(-1)).map((question) => {
          return { ...question, run: state.id, task: task.id };
        }),
  );
  const now = useNow(open.length > 0);
  return (
    <>
      {open.map((question) => (
        <Question key={question.gate} question={question} now={now} />
      ))}
    </>
  );
}

/** A run that has not begun, or that nobody knows. */
export function NotYet({
  run,
  trouble,
}: {
  readonly run: string;
  readonly trouble: string | null;
}) {
  const { value } = useTold<{ requests: { run: string; name: string; status: string }[] }>(
    "/api/queue",
  );
  const request = value?.requests.find((one) => one.run === run);
  if (request !== undefined) {
    return (
      <p class="empty" role="status">
        <Status of="queued" /> {request.name}: it is about to begin.
      </p>
    );
  }
  return trouble === null ? <p class="empty">…</p> : <Trouble>{trouble}</Trouble>;
}
