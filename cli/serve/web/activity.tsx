import { useMemo } from "preact/hooks";
import type { Event } from "../../../core/run/event.ts";
import type { AttemptState, RunState } from "../../../core/run/state.ts";
import { activityIn } from "../../view/activity.ts";
import { EventList } from "./event-list.tsx";
import { type Printer, useEnd, useLog } from "./log.tsx";

/** What happened to a task: what its agent says and does, then what is recorded of it. */
export function Activity({
  state,
  events,
  task,
  attempt,
}: {
  readonly state: RunState;
  readonly events: readonly Event[];
  readonly task: string;
  readonly attempt: AttemptState | undefined;
}) {
  return (
    <>
      {attempt === undefined ? null : (
        <AgentWork key={attempt.number} run={state.id} task={task} attempt={attempt.number} />
      )}
      <EventList events={events} state={state} of={task} />
    </>
  );
}

function AgentWork(printer: Printer) {
  const { text } = useLog(printer);
  const said = useMemo(() => activityIn(text), [text]);
  const end = useEnd<HTMLDivElement>(text);
  // A plain command says nothing of this form.
  if (said.length === 0) return null;
  return (
    <div
      {...end}
      class="activity"
      role="log"
      tabIndex={0}
      aria-label="what the agent says and does"
    >
      {said.map((one, i) =>
        one.kind === "says" ? (
          <p key={i}>{one.text}</p>
        ) : (
          <p key={i} class="does">
            <b>{one.tool}</b> <code>{one.what}</code>
          </p>
        ),
      )}
    </div>
  );
}
