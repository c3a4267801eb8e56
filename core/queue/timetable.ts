import { Cron } from "croner";

/** What a schedule is written as: five fields, or a name such as `@daily`, in a time zone. */
export interface TimetableText {
  readonly at: string;
  /** Of the IANA list, such as `Europe/Berlin`; null: the machine's. */
  readonly timeZone: string | null;
}

const wanted = "be five fields such as `30 2 * * *`, or a name such as `@daily`";

/**
 * The instants of a schedule, in milliseconds since the epoch. Which they are depends on the text alone, not on when it is asked:
 * a time of day that a clock change leaves out comes as soon as the clocks have moved, one that comes twice counts once.
 */
export class Timetable {
  readonly #cron: Cron;
  readonly timeZone: string;

  /** Throws `RangeError` with what the text must be. */
  constructor({ at, timeZone }: TimetableText) {
    this.timeZone = zoneOf(timeZone);
    const [minutes = "", ...rest] = at.trim().split(/\s+/);
    if (rest.length !== (minutes.startsWith("@") ? 0 : 4)) throw new RangeError(wanted);
    try {
      this.#cron = new Cron(at, { timezone: this.timeZone, paused: true, mode: "5-part" });
    } catch (error) {
      const why = (error as Error).message.replace(/^CronPattern: /, "");
      throw new RangeError(`${wanted} (${why})`);
    }
  }

  /** The first instant behind another one; null when none ever comes. */
  next(after: number): number | null {
    return this.#cron.nextRun(new Date(after))?.getTime() ?? null;
  }

  /** The next instants, at most `count`. */
  some(after: number, count: number): readonly number[] {
    const found: number[] = [];
    for (let at = this.next(after); at !== null && found.length < count; at = this.next(at))
      found.push(at);
    return found;
  }

  /** The newest instant that is not behind `upTo`; null when there was none. */
  newest(upTo: number): number | null {
    return this.#cron.previousRuns(1, new Date(upTo + 1))[0]?.getTime() ?? null;
  }
}

function zoneOf(given: string | null): string {
  if (given === null) return new Intl.DateTimeFormat().resolvedOptions().timeZone;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: given }).resolvedOptions().timeZone;
  } catch {
    throw new RangeError("be a time zone such as `Europe/Berlin`");
  }
}
