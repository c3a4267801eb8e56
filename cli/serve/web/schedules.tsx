import type { MissedSlots } from "../../../core/registry/schedules.ts";
import { useNow, useTold } from "./told.ts";
import { ago, Status, Trouble } from "./words.tsx";

/** A schedule as `GET /api/cron` tells it. */
interface Schedule {
  readonly name: string;
  readonly plan: string;
  readonly at: string;
  readonly timeZone: string;
  /** ISO 8601. */
  readonly next: readonly string[];
  /** The request of its newest slot; null: none yet. */
  readonly last: {
    readonly run: string;
    readonly status: string;
    readonly acceptedAt: string;
    readonly reason: string | null;
  } | null;
  /** Why its newest slot has no request yet. */
  readonly waits: string | null;
  readonly missed: MissedSlots | null;
}

/** What `ra serve` runs by the clock: when it comes next, what came of it last, and what was missed. */
export function Schedules() {
  const { value, trouble } = useTold<{ schedules: Schedule[] }>("/api/cron");
  const now = useNow(false);
  return (
    <>
      <h1>Schedules</h1>
      {trouble === null ? null : <Trouble>{trouble.message}</Trouble>}
      {value?.schedules.map((schedule) => (
        <OneSchedule key={schedule.name} schedule={schedule} now={now} />
      ))}
      {value?.schedules.length === 0 ? (
        <p class="empty">Nothing runs by the clock: `serve.cron` of your config is empty.</p>
      ) : null}
    </>
  );
}

function OneSchedule({ schedule, now }: { readonly schedule: Schedule; readonly now: number }) {
  const { name, plan, at, timeZone, next, last, waits, missed } = schedule;
  return (
    <article class={waits === null ? "card" : "card ask"} data-item tabIndex={0}>
      <h2>{name}</h2>
      <p class="facts">
        runs <b>{plan}</b> at <code>{at}</code>, {timeZone}
      </p>
      <p>
        Next: {next.length === 0 ? "never" : next.map((slot) => timeIn(slot, timeZone)).join(", ")}
      </p>
      {last === null ? null : (
        <p>
          Last: <Status of={last.status} /> <a href={`/r/${last.run}`}>{last.run}</a>,{" "}
          {ago(last.acceptedAt, now)}
          {last.reason === null ? null : `: ${last.reason}`}
        </p>
      )}
      {waits === null ? null : <p>Its newest time waits: {waits}.</p>}
      {missed === null ? null : <p class="facts">{missedText(missed, timeZone)}</p>}
    </article>
  );
}

/** Date and time where the schedule is meant, whatever the zone of the browser. */
function timeIn(slot: string, timeZone: string): string {
  return new Date(slot).toLocaleString(undefined, {
    ...{ timeZone, weekday: "short", day: "numeric", month: "short", year: "numeric" },
    ...{ hour: "2-digit", minute: "2-digit" },
  });
}

function missedText({ count, more, from, until, why }: MissedSlots, timeZone: string): string {
  const first = timeIn(from, timeZone);
  const when = count === 1 ? first : `${first} to ${timeIn(until, timeZone)}`;
  return `Missed ${count}${more ? " and more" : ""} (${when}): ${why}; not caught up on.`;
}
