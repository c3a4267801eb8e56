import type { Clock } from "../clock.ts";
import { type Pacing, startable } from "./policy.ts";
import {
  type Acceptance,
  type Cancellation,
  isSettled,
  type NewRequest,
  type QueuedRequest,
  type RequestStore,
  type Settlement,
} from "./request.ts";

/**
 * How the run of a request stands. `idle`: nobody drives it, so somebody must. `driven`: a process does. An end comes with what
 * follows from it for the request; null where the process was told to leave it for later.
 */
export type RunStanding =
  | { readonly kind: "idle" }
  | { readonly kind: "driven" }
  | { readonly kind: "ended"; readonly settlement: Settlement | null };

/** What the queue needs done. */
export interface Driving {
  /** Starts a process that drives the request to its end. Resolves when that has ended, however it did. */
  start(request: QueuedRequest): Promise<void>;
  standing(request: QueuedRequest): Promise<RunStanding>;
  /** Asks the run to end, unless that was asked before or there is none. */
  stop(request: QueuedRequest): Promise<void>;
}

export interface QueueParts {
  readonly store: RequestStore;
  readonly driving: Driving;
  readonly clock: Clock;
  readonly pacing: Pacing;
  /** Requests that may wait at once. */
  readonly room: number;
  /** Told of trouble that passes: a registry that is locked, a program that does not start. */
  readonly onTrouble: (error: unknown) => void;
}

/** How often requests are looked at of which nobody tells, in milliseconds. */
const lookMs = 500;

/** How often one process after another may drive a request and end without its run having ended. */
const triesMax = 6;

/** The rest between the first of them and the second, in milliseconds; it doubles from one to the next. */
const restMs = 500;

/**
 * Takes requests, and keeps as many running as its pacing allows. Which run is what the store says, each time anew: there is no
 * count of slots that an error could leave wrong.
 */
export class Queue {
  readonly #parts: QueueParts;
  /** Requests that a process of this queue drives. */
  readonly #driven = new Set<string>();
  /** How often each was driven, and from when on it may be again, by the clock that never jumps. */
  readonly #tries = new Map<string, { readonly count: number; notBefore: number }>();
  /** What was told of each open request last. */
  readonly #told = new Map<string, QueuedRequest>();
  readonly #listeners = new Set<(request: QueuedRequest) => void>();
  #turn: Promise<void> | null = null;
  #again = false;
  #stopLooking: (() => void) | null = null;
  #isClosed = false;

  constructor(parts: QueueParts) {
    this.#parts = parts;
  }

  get pacing(): Pacing {
    return this.#parts.pacing;
  }

  get room(): number {
    return this.#parts.room;
  }

  /** Accepts all or none. What it accepts survives the end of this process. */
  accept(requests: readonly NewRequest[]): Acceptance {
    const acceptance = this.#parts.store.accept(requests, this.#parts.room);
    if (acceptance.kind === "accepted" && !acceptance.known) {
      for (const request of acceptance.requests) if (!isSettled(request)) this.#tell(request);
      this.look();
    }
    return acceptance;
  }

  /** Ends a request: at once where it waits, by way of its run where it runs. */
  cancel(id: string, by: string): Cancellation {
    const cancellation = this.#parts.store.cancel(id, by);
    this.look();
    return cancellation;
  }

  /** Those that wait or run, in the order in which they were accepted. */
  open(): readonly QueuedRequest[] {
    return this.#parts.store.open();
  }

  find(id: string): QueuedRequest | null {
    return this.#parts.store.find(id);
  }

  /** Calls `listener` whenever a request comes to another status. Returns the way to stop. */
  subscribe(listener: (request: QueuedRequest) => void): () => void {
    const own = (request: QueuedRequest): void => listener(request);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Looks at everything open soon, and starts what may start. */
  look(): void {
    this.#again = true;
    if (this.#turn !== null || this.#isClosed) return;
    this.#turn = this.#turns().finally(() => {
      this.#turn = null;
      // Asked for between the last turn and now.
      if (this.#again) this.look();
    });
  }

  /** Starts nothing more. What runs goes on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopLooking?.();
    await this.#turn;
  }

  async #turns(): Promise<void> {
    while (this.#again && !this.#isClosed) {
      this.#again = false;
      try {
        await this.#lookOnce();
      } catch (error) {
        this.#parts.onTrouble(error);
        this.#lookLater();
      }
    }
  }

  async #lookOnce(): Promise<void> {
    const { store, pacing } = this.#parts;
    for (const request of store.open()) {
      if (request.status === "running") await this.#lookAfter(request);
    }
    if (this.#isClosed) return;
    const open = store.open();
    this.#tellSettled(open);
    for (const request of startable(open, pacing)) {
      if (store.begin(request.id)) this.#drive(this.#tellNow(request.id) ?? request);
    }
    if (open.length > 0) this.#lookLater();
  }

  /** Sees to one that runs: an end is recorded, and what nobody drives is driven again. */
  async #lookAfter(request: QueuedRequest): Promise<void> {
    const { store, driving, clock } = this.#parts;
    if (request.cancelledBy !== null) await driving.stop(request);
    if (this.#driven.has(request.id)) return;
    const standing = await driving.standing(request);
    if (standing.kind === "driven") return;
    if (standing.kind === "ended" && standing.settlement !== null) {
      store.settle(request.id, standing.settlement);
      return;
    }
    if (this.#isClosed) return;
    const tries = this.#tries.get(request.id);
    if (request.cancelledBy !== null) store.settle(request.id, cancelled);
    else if ((tries?.count ?? 0) >= triesMax) store.settle(request.id, brokenOff(request));
    else if (clock.monotonic() >= (tries?.notBefore ?? 0)) this.#drive(request);
  }

  #drive(request: QueuedRequest): void {
    const { id } = request;
    this.#driven.add(id);
    const { clock, driving, onTrouble } = this.#parts;
    const tries = { count: (this.#tries.get(id)?.count ?? 0) + 1, notBefore: 0 };
    this.#tries.set(id, tries);
    driving
      .start(request)
      .catch(onTrouble)
      .finally(() => {
        // What ends a process before its time, or keeps it from starting, seldom passes within a moment.
        tries.notBefore = clock.monotonic() + restMs * 2 ** (tries.count - 1);
        this.#driven.delete(id);
        this.look();
      });
  }

  #lookLater(): void {
    if (this.#stopLooking !== null || this.#isClosed) return;
    this.#stopLooking = this.#parts.clock.after(
      lookMs,
      () => {
        this.#stopLooking = null;
        this.look();
      },
      { idle: true },
    );
  }

  /** Tells of those that are not open any more. */
  #tellSettled(open: readonly QueuedRequest[]): void {
    const still = new Set(open.map(({ id }) => id));
    for (const id of this.#told.keys()) if (!still.has(id)) this.#tellNow(id);
    for (const request of open) if (!this.#told.has(request.id)) this.#tell(request);
  }

  #tellNow(id: string): QueuedRequest | null {
    const request = this.#parts.store.find(id);
    if (request !== null) this.#tell(request);
    return request;
  }

  #tell(request: QueuedRequest): void {
    if (this.#told.get(request.id)?.status === request.status) return;
    if (isSettled(request)) {
      this.#told.delete(request.id);
      this.#tries.delete(request.id);
    } else this.#told.set(request.id, request);
    for (const listener of this.#listeners) {
      try {
        listener(request);
      } catch (error) {
        // Whoever listens must not keep a request from running.
        this.#parts.onTrouble(error);
      }
    }
  }
}

const cancelled: Settlement = {
  status: "cancelled",
  exitCode: null,
  reason: "it was cancelled, and its run broke off; what there is of it is kept",
};

function brokenOff({ reason }: QueuedRequest): Settlement {
  const what = `${triesMax} processes after one another ended before the run did`;
  const why = reason === null ? what : `${what}: ${reason}`;
  return { status: "rejected", exitCode: null, reason: why };
}
