import type { Selectable } from "kysely";
import { type Clock, systemClock } from "../clock.ts";
import { newRunId, type RunOwner } from "../id.ts";
import type {
  Acceptance,
  Cancellation,
  NewRequest,
  QueuedRequest,
  RequestStatus,
  RequestStore,
  Settlement,
} from "../queue/request.ts";
import type { RegistryDatabase } from "./database.ts";
import {
  byBatch,
  byId,
  byKey,
  byRun,
  countByStatus,
  deleteSettledBefore,
  insertRequest,
  newestFirst,
  newestSettled,
  openInOrder,
  runById,
  updateRequest,
} from "./request-statements.ts";
import type { RequestsTable } from "./schema.ts";

type Row = Selectable<RequestsTable>;

/** What becomes of a request changes these columns alone. */
type Fate = Pick<
  Row,
  | "run"
  | "status"
  | "cancelled_by"
  | "started_at"
  | "settled_at"
  | "exit_code"
  | "reason"
  | "driver"
>;

/** Requests that have ended and are kept, with their idempotency keys. */
export const settledMax = 10_000;

/** One request in so many has the oldest of too many removed. */
const pruneEvery = 64;

/** The requests of the gateway in the registry. Every method is one transaction, which is on the disk when it returns. */
export class Requests implements RequestStore {
  readonly #database: RegistryDatabase;
  readonly #clock: Clock;

  constructor(database: RegistryDatabase, clock: Clock = systemClock) {
    this.#database = database;
    this.#clock = clock;
  }

  accept(requests: readonly NewRequest[], room: number): Acceptance {
    return this.#database.immediate(() => {
      const known = requests.map((request) => this.#byKey(request));
      const conflict = requests.find((request, i) => {
        const before = known[i];
        return before !== undefined && before.asked !== request.asked;
      });
      if (conflict !== undefined) return { kind: "conflict", key: conflict.key ?? "" };
      const fresh = requests.filter((_, i) => known[i] === undefined);
      const waiting = this.counts().queued ?? 0;
      if (fresh.length > 0 && waiting + fresh.length > room) return { kind: "full", waiting };
      const accepted = requests.map((request, i) => known[i] ?? this.#insert(request));
      if (accepted.some(({ seq }) => seq % pruneEvery === 0)) this.#prune();
      return { kind: "accepted", requests: accepted.map(requestOf), known: fresh.length === 0 };
    });
  }

  open(): readonly QueuedRequest[] {
    return this.#database.all(openInOrder).map(requestOf);
  }

  find(id: string): QueuedRequest | null {
    const row = this.#row(id);
    return row === undefined ? null : requestOf(row);
  }

  /** The request of a source that came under this key; null: none that is still kept. */
  withKey(source: string, key: string): QueuedRequest | null {
    const row = this.#byKey({ source, key });
    return row === undefined ? null : requestOf(row);
  }

  /** The requests that were handed in together, in their order. */
  ofBatch(batch: string): readonly QueuedRequest[] {
    return this.#database.all(byBatch, batch).map(requestOf);
  }

  /** The newest requests, newest first. */
  newest(limit: number): readonly QueuedRequest[] {
    return this.#database.all(newestFirst, limit).map(requestOf);
  }

  /** How many requests have each status. */
  counts(): Readonly<Partial<Record<RequestStatus, number>>> {
    return Object.fromEntries(
      this.#database.all(countByStatus).map(({ status, count }) => [status, count]),
    );
  }

  begin(id: string): boolean {
    return this.#database.immediate(() => {
      const row = this.#row(id);
      if (row?.status !== "queued") return false;
      this.#update(row, { status: "running", started_at: this.#now() });
      return true;
    });
  }

  settle(id: string, { status, exitCode, reason }: Settlement): boolean {
    return this.#database.immediate(() => {
      const row = this.#row(id);
      if (row === undefined || !isOpen(row)) return false;
      this.#update(row, { status, exit_code: exitCode, reason, settled_at: this.#now() });
      return true;
    });
  }

  cancel(id: string, by: string): Cancellation {
    return this.#database.immediate(() => {
      const row = this.#row(id);
      if (row === undefined) return "unknown";
      if (!isOpen(row)) return "settled";
      if (row.status === "running") {
        if (row.cancelled_by === null) this.#update(row, { cancelled_by: by });
        return "asked";
      }
      const reason = `cancelled by ${by} before it started`;
      this.#update(row, { status: "cancelled", cancelled_by: by, reason, settled_at: this.#now() });
      return "cancelled";
    });
  }

  /**
   * Makes `driver` the process that drives a request that runs. False while another one that is not dead for certain does,
   * and when it does not run. Should its run's id have been given to another run meanwhile, it gets a new one.
   */
  claim(id: string, driver: RunOwner): boolean {
    return this.#database.immediate(() => {
      const row = this.#row(id);
      if (row === undefined || row.status !== "running") return false;
      const before = driverOf(row);
      if (before !== null && before.pid !== driver.pid && this.#database.living.isAttended(before))
        return false;
      const run = this.#isTaken(row) ? this.#freeRun() : row.run;
      this.#update(row, { driver: JSON.stringify(driver), run });
      return true;
    });
  }

  /** Notes what kept the process that drives a request from ending it: the next one will try. */
  remark(id: string, reason: string): void {
    this.#database.immediate(() => {
      const row = this.#row(id);
      if (row?.status === "running") this.#update(row, { reason });
    });
  }

  /** The process that drives a request and may be alive; null: none. */
  driver(id: string): RunOwner | null {
    const row = this.#row(id);
    const driver = row === undefined ? null : driverOf(row);
    return driver !== null && this.#database.living.isAttended(driver) ? driver : null;
  }

  /** True when an id is that of a run which a request has yet to become. */
  isReserved(run: string): boolean {
    return this.#database.all(byRun, run).length > 0;
  }

  #insert(request: NewRequest): Row {
    const { source, sender, key, conversation, batch, name, asked, plan } = request;
    const [row] = this.#database.all(
      insertRequest,
      ...([source, sender, key, conversation, batch, name, asked, plan] as const),
      ...([this.#freeId(), this.#freeRun(), this.#now()] as const),
    );
    return row as Row;
  }

  #update(before: Row, values: Partial<Fate>): void {
    const { id, run, status, cancelled_by, started_at, ...row } = { ...before, ...values };
    const begun = [run, status, cancelled_by, started_at] as const;
    const ended = [row.settled_at, row.exit_code, row.reason, row.driver] as const;
    this.#database.run(updateRequest, ...begun, ...ended, id);
  }

  #row(id: string): Row | undefined {
    return this.#database.all(byId, id)[0];
  }

  #byKey({ source, key }: Pick<NewRequest, "source" | "key">): Row | undefined {
    return key === null ? undefined : this.#database.all(byKey, source, key)[0];
  }

  #isTaken({ id, run }: Row): boolean {
    const [found] = this.#database.all(runById, run);
    return found !== undefined && found.request_id !== id;
  }

  #freeRun(): string {
    for (let length = 4; ; length++) {
      const id = newRunId(length);
      if (this.#database.all(runById, id).length === 0 && !this.isReserved(id)) return id;
    }
  }

  /** Longer than the id of a run, so that nobody takes one for the other. */
  #freeId(): string {
    for (let length = 10; ; length++) {
      const id = newRunId(length);
      if (this.#row(id) === undefined) return id;
    }
  }

  /** The oldest of too many that have ended go. */
  #prune(): void {
    const [last] = this.#database.all(newestSettled, settledMax - 1);
    if (last !== undefined) this.#database.run(deleteSettledBefore, last.seq);
  }

  #now(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}

function isOpen({ status }: Row): boolean {
  return status === "queued" || status === "running";
}

function driverOf({ driver }: Row): RunOwner | null {
  return driver === null ? null : JSON.parse(driver);
}

function requestOf(row: Row): QueuedRequest {
  const { source, sender, key, conversation, batch, name, asked, plan, seq, id, run } = row;
  return {
    ...{ source, sender, key, conversation, batch, name, asked, plan, seq, id, run },
    status: row.status as RequestStatus,
    cancelledBy: row.cancelled_by,
    acceptedAt: row.accepted_at,
    startedAt: row.started_at,
    settledAt: row.settled_at,
    exitCode: row.exit_code,
    reason: row.reason,
  };
}
