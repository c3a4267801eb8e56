import type { Event } from "../../../core/run/event.ts";
import type { RunState, TaskState } from "../../../core/run/state.ts";
import { duration } from "../../view/text.ts";
import { waitText } from "../../view/wait.ts";
import { byNeed, Some } from "./some.tsx";
import { useNow } from "./told.ts";
import { Status } from "./words.tsx";

/** Tasks that are shown in the order of the plan at most. */
const inOrderMax = 300;

/** A stretch of time in which a task was in one state. */
interface Stretch {
  readonly kind: "waits" | "works" | "asks" | "lands" | "rests";
  readonly why: string;
  readonly from: number;
  to: number | null;
}

/** What each task did when, and what it waited for. */
export function Timeline({
  state,
  events,
}: {
  readonly state: RunState;
  readonly events: readonly Event[];
}) {
  const now = useNow(state.finishedAt === null);
  const begin = Date.parse(state.startedAt);
  const end = Math.max(begin + 1, state.finishedAt === null ? now : Date.parse(state.finishedAt));
  const percent = (at: number): string =>
    `${Math.min(100, Math.max(0, ((at - begin) / (end - begin)) * 100)).toFixed(2)}%`;
  const stretches = stretchesOf(events);
  return (
    <>
      <Some of={rowsOf(state)}>
        {(tasks) => (
          <ul class="timeline">
            {tasks.map(({ task, status }) => (
              <li key={task.id}>
                <a href={`/r/${state.id}/t/${task.id}`} data-item>
                  {task.id} <Status of={status} />
                </a>
                <div class="bar">
                  {(stretches.get(task.id) ?? []).map(({ kind, why, from, to }) => (
                    <span
                      key={`${kind}${from}`}
                      class={kind}
                      title={`${kind} ${why} ${duration((to ?? end) - from)}`}
                      style={{
                        left: percent(from),
                        width: `max(2px, calc(${percent(to ?? end)} - ${percent(from)}))`,
                      }}
                    />
                  ))}
                </div>
              </li>
            ))}
          </ul>
        )}
      </Some>
      <p class="legend">
        {(["waits", "works", "asks", "lands", "rests"] as const).map((kind) => (
          <span key={kind}>
            <i class={kind} /> {kind}
          </span>
        ))}
        <span>0 to {duration(end - begin)}</span>
      </p>
    </>
  );
}

/** In the order of the plan; of a great one that in which they matter. */
function rowsOf({ tasks }: RunState): readonly TaskState[] {
  return tasks.size > inOrderMax ? byNeed(tasks.values()) : [...tasks.values()];
}

function stretchesOf(events: readonly Event[]): ReadonlyMap<string, readonly Stretch[]> {
  const all = new Map<string, Stretch[]>();
  for (const event of events) {
    if (!("task" in event) || event.task === undefined) continue;
    const at = Date.parse(event.at);
    const list = all.get(event.task) ?? [];
    all.set(event.task, list);
    const next = after(event);
    if (next === undefined) continue;
    const last = list.at(-1);
    if (last !== undefined && last.to === null) last.to = at;
    if (next !== null) list.push({ ...next, from: at, to: null });
  }
  return all;
}

/** What a task does from an event on. Null: nothing any more; undefined: what it did before. */
function after(event: Event): Pick<Stretch, "kind" | "why"> | null | undefined {
  switch (event.type) {
    case "task.waiting":
      return { kind: "waits", why: waitText(event.reason) };
    case "attempt.started":
      return { kind: "works", why: `attempt ${event.attempt}` };
    case "question.asked":
      return { kind: "asks", why: event.text };
    case "question.answered":
    case "question.withdrawn":
      return { kind: "works", why: `attempt ${event.attempt}` };
    case "attempt.finished":
      return event.outcome.kind === "succeeded" ? { kind: "lands", why: "" } : null;
    case "task.parked":
      return { kind: "rests", why: event.message };
    case "merge.finished":
      return event.landing.kind === "merged" ? undefined : null;
    case "task.finished":
      return null;
    default:
      return undefined;
  }
}
