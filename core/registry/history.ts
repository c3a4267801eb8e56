import type { Event } from "../run/event.ts";
import { applyEvent, type RunState } from "../run/state.ts";
import type { RegistryDatabase } from "./database.ts";
import { eventOf, eventRow } from "./rows.ts";
import type { EventsTable } from "./schema.ts";
import { statement } from "./statement.ts";
import { damaged } from "./trouble.ts";

type StoredEvent = Pick<EventsTable, "seq" | "at" | "run" | "body">;

/** More folds than this are not kept in memory; those of finished runs go first. */
const foldsMax = 64;

const newestSeq = statement((tables) =>
  tables.selectFrom("events").select((events) => events.fn.max("seq").as("seq")),
);
const eventsAfter = statement((tables, seq: number) =>
  tables
    .selectFrom("events")
    .select(["seq", "at", "run", "body"])
    .where("seq", ">", seq)
    .orderBy("seq"),
);
const eventsOfRun = statement((tables, run: string, after: number) =>
  tables
    .selectFrom("events")
    .select(["seq", "at", "run", "body"])
    .where("run", "=", run)
    .where("seq", ">", after)
    .orderBy("seq"),
);
const runsWithEvents = statement((tables) => tables.selectFrom("events").select("run").distinct());
const insertEvent = statement(
  (
    tables,
    seq: number,
    at: string,
    run: string,
    type: string,
    task: string | null,
    attempt: number | null,
    body: string,
  ) => tables.insertInto("events").values({ seq, at, run, type, task, attempt, body }),
);

/** The log's table, and the folds of the runs this process has looked at. */
export class History {
  readonly #database: RegistryDatabase;
  readonly #folds = new Map<string, RunState>();
  /** Every kept fold has all events up to here. */
  #seen = 0;
  readonly #learnt: Event[] = [];

  constructor(database: RegistryDatabase) {
    this.#database = database;
  }

  /** Takes in what other processes have written, and gives the newest `seq`; 0 while the log is empty. */
  catchUp(): number {
    const newest = this.#database.all(newestSeq)[0]?.seq ?? 0;
    if (newest > this.#seen && this.#folds.size > 0) {
      for (const row of this.#database.all(eventsAfter, this.#seen)) {
        const state = this.#folds.get(row.run);
        if (state === undefined || state.lastSeq >= row.seq) continue;
        const event = this.#event(row);
        this.#apply(state, event);
        this.#learnt.push(event);
      }
    }
    this.#seen = newest;
    return newest;
  }

  /** Events of other processes that went into kept folds since the last call, oldest first. */
  takeLearnt(): Event[] {
    // It is asked at every look, and most looks learn nothing.
    return this.#learnt.length === 0 ? [] : this.#learnt.splice(0);
  }

  /** The fold of a run, as of the last `catchUp` or later; undefined when nothing is recorded for it. */
  fold(run: string): RunState | undefined {
    const kept = this.#folds.get(run);
    if (kept !== undefined) return kept;
    let state: RunState | undefined;
    for (const event of this.read(run, 0)) state = this.#apply(state, event);
    if (state !== undefined) this.keep(state);
    return state;
  }

  /** Events of a run with a greater `seq`, oldest first. */
  read(run: string, after: number): Event[] {
    return this.#database.all(eventsOfRun, run, after).map((row) => this.#event(row));
  }

  #event(row: StoredEvent): Event {
    try {
      return eventOf(row);
    } catch (cause) {
      throw damaged(
        this.#database.path,
        `event ${row.seq} of run \`${row.run}\` is no event`,
        cause,
      );
    }
  }

  /** What was recorded made sense then: when it does not now, something else wrote into the file. */
  #apply(state: RunState | undefined, event: Event): RunState {
    try {
      return applyEvent(state, event);
    } catch (cause) {
      throw damaged(this.#database.path, (cause as Error).message, cause);
    }
  }

  /** Every run that has events. */
  runs(): string[] {
    return this.#database.all(runsWithEvents).map(({ run }) => run);
  }

  /** Keeps the fold of a run that has just begun. */
  keep(state: RunState): void {
    this.#folds.set(state.id, state);
    if (this.#folds.size <= foldsMax) return;
    for (const [id, { finishedAt }] of this.#folds) {
      if (finishedAt === null || id === state.id) continue;
      this.#folds.delete(id);
      return;
    }
  }

  /** Forgets the fold of a run, or all of them; they are folded anew from the table when they are needed. */
  forget(run?: string): void {
    if (run === undefined) this.#folds.clear();
    else this.#folds.delete(run);
  }

  /** Writes events to the table. Only inside a transaction that has caught up. */
  insert(events: readonly Event[]): void {
    for (const event of events) {
      const { seq, at, run, type, task, attempt, body } = eventRow(event);
      this.#database.run(insertEvent, seq, at, run, type, task, attempt, body);
    }
  }

  /** Says that this process wrote everything up to `seq`, and its folds have it. */
  advance(seq: number): void {
    this.#seen = seq;
  }
}
