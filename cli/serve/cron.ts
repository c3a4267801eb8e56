import type { Clock } from "../../core/clock.ts";
import { Timetable } from "../../core/queue/timetable.ts";
import type { RegistryDatabase } from "../../core/registry/database.ts";
import { Requests } from "../../core/registry/requests.ts";
import {
  type MissedSlots,
  noteProgress,
  progressOf,
  type ScheduleProgress,
} from "../../core/registry/schedules.ts";
import type { Schedule } from "../serve-config.ts";
import type { AuditTrail } from "./audit-trail.ts";
import { type Operations, requestView } from "./operations.ts";
import { type Refusal, refusalOf } from "./refusal.ts";

/** What schedules work on. */
export interface CronParts {
  readonly schedules: readonly Schedule[];
  readonly operations: Pick<Operations, "dispatch">;
  readonly database: RegistryDatabase;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  /** Told of slots that are missed, and of trouble that passes. */
  readonly onTrouble: (error: unknown) => void;
}

/** The way in, as requests and the audit name it. */
const source = "cron";

/** The longest and the shortest wait for a slot, in milliseconds: clocks are set, and machines sleep. */
const lookMs = { max: 15_000, min: 20 };

/** How soon a slot is tried again that finds no room, in milliseconds. */
const retryMs = 5_000;

/** Requests of one schedule that wait or run at most: one that takes longer than its interval must not fill the queue. */
const openMax = 4;

/** Missed slots that are counted one by one. */
const countedMax = 100;

/** Slots to come that are told. */
const comingMax = 3;

interface Entry {
  readonly schedule: Schedule;
  readonly timetable: Timetable;
  readonly spec: string;
  /** Why its newest slot still waits. */
  waits: string | null;
}

/**
 * Puts a request into the queue at each slot of each schedule. A slot is a name and an instant, and both together are the key of
 * its request: whoever comes to it again, after a restart or a clock that was set back, finds it. Of several slots that have
 * passed, the newest may still run when it is not too late; all others are told as missed and not caught up on.
 */
export class CronDesk {
  readonly #parts: CronParts;
  readonly #requests: Requests;
  readonly #entries: readonly Entry[];
  #stop: (() => void) | null = null;

  constructor(parts: CronParts) {
    this.#parts = parts;
    this.#requests = new Requests(parts.database, parts.clock);
    this.#entries = parts.schedules.map((schedule) => {
      const timetable = new Timetable(schedule);
      const spec = `${schedule.at} ${timetable.timeZone}`;
      return { schedule, timetable, spec, waits: null };
    });
  }

  /** Looks at every schedule now, and from then on when a slot comes. */
  start(): void {
    if (this.#entries.length === 0) return;
    for (const entry of this.#entries) {
      try {
        this.#decide(entry);
      } catch (error) {
        // A registry that is locked or full: the slot is not over yet.
        entry.waits ??= "the registry could not be written";
        this.#parts.onTrouble(error);
      }
    }
    this.#stop = this.#parts.clock.after(this.#wait(), () => this.start(), { idle: true });
  }

  close(): void {
    this.#stop?.();
  }

  /** Every schedule: when it comes next, what came of its newest slot, what was missed. */
  view(): object {
    const now = this.#parts.clock.now();
    const schedules = this.#entries.map(({ schedule, timetable, waits }) => {
      const { name, plan, params, at, lateMs } = schedule;
      const progress = progressOf(this.#parts.database, name);
      const last = progress && this.#requests.withKey(source, keyOf(name, progress.through));
      return {
        ...{ name, plan, params, at, timeZone: timetable.timeZone, lateMs },
        next: timetable.some(now, comingMax).map(iso),
        last: last === null ? null : requestView(last),
        ...{ waits, missed: progress?.missed ?? null },
      };
    });
    return { schedules };
  }

  /** Milliseconds until somebody has to look again. */
  #wait(): number {
    const now = this.#parts.clock.now();
    const waits = this.#entries.map(({ timetable, waits: why }) =>
      why === null ? (timetable.next(now) ?? Number.POSITIVE_INFINITY) - now : retryMs,
    );
    return Math.max(lookMs.min, Math.min(lookMs.max, ...waits));
  }

  /** Sees to all slots of a schedule that have come since it was last looked at. */
  #decide(entry: Entry): void {
    const { schedule, timetable, spec } = entry;
    const now = this.#parts.clock.now();
    const before = this.#progress(entry, now);
    const through = Date.parse(before.through);
    const newest = timetable.newest(now);
    if (newest === null || newest <= through) {
      entry.waits = null;
      return;
    }
    const key = keyOf(schedule.name, iso(newest));
    const isKnown = this.#requests.withKey(source, key) !== null;
    const isLate = now - newest > schedule.lateMs;
    const obstacle = isKnown || isLate ? null : this.#accept(schedule, key);
    if (obstacle === "room") {
      entry.waits = "there is no room in the queue";
      return;
    }
    const isMissed = !isKnown && (isLate || obstacle !== null);
    const why = obstacle?.message ?? entry.waits ?? "ra serve did not run then";
    const missed = missedSlots(timetable, through, isMissed ? newest : newest - 1, why);
    if (missed !== null) this.#parts.onTrouble(new Error(missedText(schedule, missed)));
    entry.waits = null;
    noteProgress(this.#parts.database, {
      ...{ name: schedule.name, spec, through: iso(newest) },
      missed: missed ?? before.missed,
    });
  }

  /** How far it had come. One that is new or has changed begins now; so does one that is behind a clock that was set back. */
  #progress({ schedule: { name }, spec }: Entry, now: number): ScheduleProgress {
    const { database } = this.#parts;
    const found = progressOf(database, name);
    if (found !== null && found.spec === spec && Date.parse(found.through) <= now) return found;
    const begun = { name, spec, through: iso(now), missed: found?.missed ?? null };
    noteProgress(database, begun);
    return begun;
  }

  /** Null when it is accepted, `room` when it must wait, and else why it never will be. */
  #accept({ name, plan, params }: Schedule, key: string): Refusal | "room" | null {
    const { operations, audit } = this.#parts;
    const note = (status: number, refusal: string | null, request: string | null): void =>
      audit.note({
        ...{ source, peer: name, method: "plan", route: source, host: null, origin: null },
        ...{ status, refusal, request },
      });
    const own = this.#requests.open().filter((one) => one.source === source && one.sender === name);
    if (own.length >= openMax) return "room";
    try {
      const ask = { plan, params, conversation: `${source}:${name}` };
      const { requests } = operations.dispatch(ask, { source, sender: name }, key);
      note(202, null, requests[0]?.id ?? null);
      return null;
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === null) throw error;
      note(refusal.status, refusal.code, null);
      return refusal.code === "QUEUE_FULL" ? "room" : refusal;
    }
  }
}

/** Slots behind `after` and not behind `upTo`. */
function missedSlots(
  timetable: Timetable,
  after: number,
  upTo: number,
  why: string,
): MissedSlots | null {
  const slots = timetable.some(after, countedMax + 1).filter((slot) => slot <= upTo);
  const [first] = slots;
  if (first === undefined) return null;
  const more = slots.length > countedMax;
  const last = timetable.newest(upTo) ?? first;
  return {
    ...{ count: Math.min(slots.length, countedMax), more },
    ...{ from: iso(first), until: iso(last), why },
  };
}

function missedText({ name }: Schedule, { count, more, from, until, why }: MissedSlots): string {
  const slots = count === 1 ? "1 slot" : `${count} slots${more ? " and more" : ""}`;
  const when = count === 1 ? from : `${from} to ${until}`;
  return `schedule \`${name}\`: ${slots} missed (${when}): ${why}; not caught up on`;
}

function keyOf(name: string, slot: string): string {
  return `${name}@${slot}`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
