import { useMemo, useState } from "preact/hooks";
import type { Event } from "../../../core/run/event.ts";
import type { RunState } from "../../../core/run/state.ts";
import { type EventLine, linesOf } from "../../view/event-lines.ts";
import { clock } from "./words.tsx";

/** Events that are drawn at once. */
const shownMax = 300;

/** What happened, in the words of the terminal; each event opens to all that is recorded of it. */
export function EventList({
  events,
  state,
  of,
}: {
  readonly events: readonly Event[];
  readonly state: RunState;
  readonly of?: string;
}) {
  const [isWhole, setWhole] = useState(false);
  const told = useMemo(() => {
    const wanted = events.filter((event) => of === undefined || ofTask(event, of));
    return isWhole ? wanted : wanted.slice(-shownMax);
    // The list grows in place.
  }, [events, events.length, of, isWhole]);
  return (
    <>
      {told.length < shownMax || isWhole ? null : (
        <button type="button" onClick={() => setWhole(true)}>
          Show the earlier ones
        </button>
      )}
      <ol class="events">
        {told.map((event) => (
          <li key={event.seq}>
            <details>
              <summary>
                <time>{clock(event.at)}</time> {summaryOf(event, state)}
              </summary>
              <pre>{JSON.stringify(event, null, 2)}</pre>
            </details>
          </li>
        ))}
      </ol>
    </>
  );
}

function summaryOf(event: Event, state: RunState) {
  const lines =
    event.type === "run.started" ? [] : linesOf(event, { ...{ ended: 0, tasks: 0 }, state });
  if (lines.length === 0) return <span class="quiet">{plain(event)}</span>;
  return lines.map((line) => <Words key={line.text} line={line} />);
}

function Words({ line: { subject, word, text, tone } }: { readonly line: EventLine }) {
  return (
    <span class={tone}>
      <b>{subject}</b> {word} {text.replace(/^\(\s*0\/0\)\s*/, "")}
    </span>
  );
}

/** What the terminal keeps silent on. */
function plain(event: Event): string {
  const of = "task" in event && event.task !== undefined ? `${event.task} ` : "";
  if (event.type === "attempt.finished")
    return `${of}attempt ${event.attempt} ${event.outcome.kind}`;
  if (event.type === "merge.finished") return `${of}${event.landing.kind}`;
  return `${of}${event.type.replace(".", " ")}`;
}

function ofTask(event: Event, task: string): boolean {
  return "task" in event && event.task === task;
}
