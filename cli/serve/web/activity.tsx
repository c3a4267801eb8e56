import { useMemo } from "preact/hooks";
import type { Event } from "../../../core/run/event.ts";
import type { AttemptState, RunState } from "../../../core/run/state.ts";
import { activityIn, type Said } from "../../view/activity.ts";
import { EventList } from "./event-list.tsx";
import { Follow, type Printer, useEnd, useLog } from "./log.tsx";
import { Prose } from "./prose.tsx";

/** Characters of what an agent said last that are drawn as Markdown. */
const proseMax = 100_000;

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
  const proseFrom = useMemo(() => newestProse(said), [said]);
  const end = useEnd<HTMLDivElement>(text);
  // A plain command says nothing of this form.
  if (said.length === 0) return null;
  return (
    <>
      <div
        {...end.box}
        class="activity"
        role="log"
        tabIndex={0}
        aria-label="what the agent says and does"
      >
        {said.map((one, i) =>
          one.kind === "does" ? (
            <p key={i} class="does">
              <b>{one.tool}</b> <code>{one.what}</code>
            </p>
          ) : i < proseFrom ? (
            <p key={i} class="says">
              {one.text}
            </p>
          ) : (
            <Prose key={i} text={one.text} />
          ),
        )}
      </div>
      <Follow end={end} />
    </>
  );
}

/** Where what is drawn as Markdown begins: an agent that says masses must not keep the page busy. */
function newestProse(said: readonly Said[]): number {
  let room = proseMax;
  let from = said.length;
  while (from > 0 && room > 0) {
    from -= 1;
    const one = said[from];
    if (one?.kind === "says") room -= one.text.length;
  }
  return from;
}
