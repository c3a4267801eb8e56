import { dirname } from "node:path";
import { assert } from "../assert.ts";
import { type Clock, systemClock } from "../clock.ts";
import { isDiskFull } from "../disk-space.ts";
import type { Event, Fact } from "../run/event.ts";
import type { Decision, EventLog, ForeignClaim } from "../run/log.ts";
import type { RunState } from "../run/state.ts";
import { claimsAtWork, HeldClaims } from "./claims.ts";
import { KnownCooldowns } from "./cooldowns.ts";
import { type Access, RegistryDatabase } from "./database.ts";
import { makeRoom } from "./headroom.ts";
import { History } from "./history.ts";
import { Projection } from "./projection.ts";
import { abandonedRuns, lostAttempts } from "./reaping.ts";
import {
  type Proposal,
  refuseSuperseded,
  Transaction,
  type TransactionParts,
  type Verdict,
} from "./transaction.ts";

/** A call of `commit` or `append` that waits for the next transaction. */
interface Call extends Proposal {
  /** Null for `append`: nobody waits. */
  readonly waiter: {
    resolve(events: readonly Event[]): void;
    reject(error: unknown): void;
  } | null;
}

/** How long facts that nobody waits for stay in memory, in milliseconds: on a good disk, and at most. */
const appendDelayMs = 5;
const appendDelayMaxMs = 20;
/** They wait so many times as long as the last transaction took, so that a slow disk does not hold up the loop. */
const restFactor = 4;

export interface RegistryOptions {
  readonly clock?: Clock;
  /** How long to wait for another process that writes; 5,000 by default. */
  readonly busyMs?: number;
  /** For writing by default. */
  readonly access?: Access;
}

/** The one door to the log: an append-only table of events, and the tables derived from it in the same transaction. */
export class Registry implements EventLog, AsyncDisposable {
  /** For queries; see `query.ts`. */
  readonly database: RegistryDatabase;
  readonly #clock: Clock;
  readonly #parts: TransactionParts;
  readonly #epochs = new Map<string, number>();
  readonly #listeners = new Set<(event: Event) => void>();
  #queue: Call[] = [];
  #stopSoon: (() => void) | null = null;
  #stopLater: (() => void) | null = null;
  #delayMs = appendDelayMs;
  /** Why facts that nobody waited for were refused, by run. Their log lacks them: nothing may follow. */
  readonly #faults = new Map<string, unknown>();
  /** Why the last transaction failed; null when it did not. */
  #trouble: unknown = null;
  #isOpen = true;

  private constructor(database: RegistryDatabase, clock: Clock) {
    this.database = database;
    this.#clock = clock;
    this.#parts = {
      history: new History(database),
      projection: new Projection(database),
      claims: new HeldClaims(database),
      cooldowns: new KnownCooldowns(database),
      epochs: this.#epochs,
    };
  }

  /** Opens the registry of a place, creating it where there is none. Throws `RaError` (exit 6) when it cannot be used. */
  static async open(
    place: { readonly stateDir: string },
    { clock = systemClock, busyMs, access }: RegistryOptions = {},
  ): Promise<Registry> {
    return Registry.on(await RegistryDatabase.open(place.stateDir, busyMs, access), { clock });
  }

  /** The door to a database that is open already. */
  static on(database: RegistryDatabase, { clock = systemClock }: RegistryOptions = {}): Registry {
    return new Registry(database, clock);
  }

  /**
   * See `EventLog`. Rejects with what `decide` threw, with a `Bug` when its facts are impossible (nothing of the call
   * is added then), or with `RaError` (exit 6) when the transaction failed and nothing of it was added.
   */
  commit(run: string, decide: (decision: Decision) => readonly Fact[]): Promise<readonly Event[]> {
    assert(this.#isOpen, "the registry is closed");
    if (this.#faults.has(run)) return Promise.reject(this.#faults.get(run));
    return new Promise((resolve, reject) => {
      this.#queue.push({ run, decide, waiter: { resolve, reject } });
      this.#stopSoon ??= this.#clock.after(0, () => this.#flush());
    });
  }

  /**
   * Says that this process drives a run as its owner number `epoch`. From then on whatever it asks of the run is refused
   * (exit 6) once another process has taken the run over.
   */
  drive(run: string, epoch: number): void {
    this.#epochs.set(run, epoch);
  }

  /** See `EventLog`. What cannot be written now stays queued, in its place, and joins the next transaction. */
  append(run: string, facts: readonly Fact[] | (() => readonly Fact[])): void {
    assert(this.#isOpen, "the registry is closed");
    const decide = typeof facts === "function" ? facts : () => facts;
    this.#queue.push({ run, decide, waiter: null });
    if (this.#stopSoon !== null) return;
    this.#stopLater ??= this.#clock.after(this.#delayMs, () => this.#flush());
  }

  /** See `EventLog`. The object is changed in place by later events; facts appended before are in it. */
  async state(run: string): Promise<RunState | undefined> {
    this.#flush();
    const state = this.#newest(run);
    refuseSuperseded(state, this.#epochs);
    return state;
  }

  /** Throws `RaError` (exit 6) when this process drove the run and another one does now: before what no log can undo. */
  refuseSuperseded(run: string): void {
    refuseSuperseded(this.#newest(run), this.#epochs);
  }

  async read(run: string, after: number): Promise<readonly Event[]> {
    this.#flush();
    return this.#parts.history.read(run, after);
  }

  subscribe(listener: (event: Event) => void): () => void {
    // A wrapper of its own, so that a listener that subscribes twice is called twice and leaves once.
    const own = (event: Event): void => listener(event);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  changed(): boolean {
    return this.database.changed();
  }

  /** What is claimed by others than one task: by other runs, and by what is at work in its own. */
  claimsBeside(run: string, task: string): readonly ForeignClaim[] {
    this.#flush();
    const state = this.#newest(run);
    const { claims } = this.#parts;
    claims.refresh();
    const mine = state === undefined ? [] : claimsAtWork(state);
    return [...claims.beside(run), ...mine.filter((claim) => claim.task !== task)];
  }

  /**
   * Records the attempts whose process died while the `ra` that drove them was dead too, so that they leave the list
   * of processes. Gives what it recorded.
   */
  async reap(): Promise<readonly Event[]> {
    if (this.database.isImage) return [];
    const found = abandonedRuns(this.database).map((run) =>
      this.commit(run, ({ state }) => lostAttempts(state, this.database.living, this.#clock.now())),
    );
    return (await Promise.all(found)).flat();
  }

  /** Empties every derived table and fills it from the log. */
  async rebuild(): Promise<void> {
    this.#flush();
    const { history, projection } = this.#parts;
    try {
      this.database.immediate(() => {
        history.catchUp();
        projection.wipe();
        for (const run of history.runs()) {
          const state = history.fold(run);
          if (state !== undefined) projection.noteAll(state);
          projection.write();
        }
      });
    } finally {
      projection.forget();
    }
  }

  /** Writes what is queued now instead of a little later. What fails stays queued. */
  async flush(): Promise<void> {
    this.#flush();
  }

  /** Writes what is queued and closes the file. Throws when facts that nobody waited for could not be written. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#flush();
    this.#isOpen = false;
    this.database.close();
    if (this.#queue.length > 0) throw this.#trouble;
    for (const error of this.#faults.values()) throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The fold of a run with what other processes have written by now. */
  #newest(run: string): RunState | undefined {
    const { history } = this.#parts;
    history.catchUp();
    this.#tell(history.takeLearnt());
    return history.fold(run);
  }

  /** Writes everything queued in one transaction, then answers the calls in their order. */
  #flush(): void {
    this.#stopSoon?.();
    this.#stopLater?.();
    this.#stopSoon = null;
    this.#stopLater = null;
    const calls = this.#queue;
    if (calls.length === 0) return;
    this.#queue = [];
    let verdicts: readonly Verdict[];
    try {
      verdicts = this.#writeOrMakeRoom(calls);
    } catch (error) {
      this.#fail(calls, error);
      return;
    }
    this.#trouble = null;
    this.#tell(this.#parts.history.takeLearnt());
    for (const verdict of verdicts) if (verdict.ok) this.#tell(verdict.events);
    for (const [i, { run, waiter }] of calls.entries()) {
      const verdict = verdicts[i] as Verdict;
      if (verdict.ok) waiter?.resolve(verdict.events);
      else if (waiter !== null) waiter.reject(verdict.error);
      else this.#faults.set(run, verdict.error);
    }
  }

  /** A full disk is what the ballast is there for: the transaction is tried a second time without it. */
  #writeOrMakeRoom(calls: readonly Call[]): Verdict[] {
    try {
      return this.#write(calls);
    } catch (error) {
      const { path, isImage } = this.database;
      if (isImage || !isDiskFull(error) || !makeRoom(dirname(path))) throw error;
      this.#parts.history.forget();
      this.#parts.projection.forget();
      return this.#write(calls);
    }
  }

  #write(calls: readonly Call[]): Verdict[] {
    const began = this.#clock.monotonic();
    const [verdicts, seq] = this.database.immediate(() => {
      const transaction = new Transaction(this.#parts, this.#clock.now());
      const verdicts = calls.map((call) => transaction.add(call));
      return [verdicts, transaction.finish()] as const;
    });
    this.#parts.history.advance(seq);
    const restMs = restFactor * (this.#clock.monotonic() - began);
    this.#delayMs = Math.min(Math.max(appendDelayMs, restMs), appendDelayMaxMs);
    return verdicts;
  }

  /** Nothing of the transaction counts: the folds go, since they have its facts, and those who wait are told. */
  #fail(calls: readonly Call[], error: unknown): void {
    this.#trouble = error;
    this.#parts.history.forget();
    this.#parts.projection.forget();
    this.#queue = [...calls.filter(({ waiter }) => waiter === null), ...this.#queue];
    for (const { waiter } of calls) waiter?.reject(error);
  }

  #tell(events: readonly Event[]): void {
    for (const event of events) {
      for (const listener of this.#listeners) {
        try {
          listener(event);
        } catch {
          // The fact is recorded; a listener that fails must not undo that, nor keep it from the others.
        }
      }
    }
  }
}
