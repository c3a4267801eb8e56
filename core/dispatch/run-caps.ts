import { isNear, limits } from "../limits.ts";
import type { EventLog } from "../run/log.ts";
import type { LimitName } from "../run/model.ts";

/** How many there may be of each in one run. */
export type Caps = Readonly<Record<LimitName, number>>;

/** The caps of `ra`. */
export const capsDefault: Caps = { events: limits.eventsOfRun, attempts: limits.attemptsOfRun };

/** The first cap that a run has reached; null while it may go on. */
export function reachedCap(counts: Caps, caps: Caps = capsDefault): LimitName | null {
  return names.find((name) => counts[name] >= caps[name]) ?? null;
}

const names = Object.keys(capsDefault) as LimitName[];

/** Counts what a run records, tells once when it nears a cap, and says when it may start nothing more. */
export class RunCaps {
  readonly #log: EventLog;
  readonly #run: string;
  readonly #caps: Caps;
  readonly #counts: Record<LimitName, number>;
  readonly #told = new Set<string>();

  constructor(input: {
    readonly log: EventLog;
    readonly run: string;
    readonly caps?: Caps | undefined;
    /** What an earlier process of the run has recorded. */
    readonly counts?: Caps | undefined;
  }) {
    this.#log = input.log;
    this.#run = input.run;
    this.#caps = input.caps ?? capsDefault;
    this.#counts = { events: 0, attempts: 0, ...input.counts };
  }

  /** Counts from now on. Returns the way to stop. */
  follow(): () => void {
    return this.#log.subscribe(({ run, type }) => {
      if (run !== this.#run) return;
      this.#counts.events += 1;
      if (type === "attempt.started") this.#counts.attempts += 1;
    });
  }

  /** False once a cap is reached: what runs comes to its end, and nothing new starts. */
  allow(): boolean {
    const reached = reachedCap(this.#counts, this.#caps);
    if (reached !== null) this.#tell("limit.reached", reached);
    else {
      for (const name of names) {
        if (isNear(this.#counts[name], this.#caps[name])) this.#tell("limit.neared", name);
      }
    }
    return reached === null;
  }

  #tell(type: "limit.neared" | "limit.reached", limit: LimitName): void {
    const key = `${type} ${limit}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    const [count, max] = [this.#counts[limit], this.#caps[limit]];
    this.#log.append(this.#run, [{ type, limit, count, max }]);
  }
}
