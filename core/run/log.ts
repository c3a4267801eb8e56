import type { Cooldown } from "./cooldown.ts";
import type { Event, Fact } from "./event.ts";
import type { RunState } from "./state.ts";

/** A claim that some other run holds, as a decision sees it. */
export interface ForeignClaim {
  readonly run: string;
  readonly task: string;
  readonly glob: string;
  /** False: its process ended, but the result has not reached the target yet. */
  readonly live: boolean;
}

/** What a decision may look at: the newest state of its run, and the claims of the others. */
export interface Decision {
  /** Undefined before `run.started`. */
  readonly state: RunState | undefined;
  /** Claims of other runs whose owner is alive. Asked for only when called. */
  foreignClaims(): readonly ForeignClaim[];
  /** True when nothing of another run is under way, as all that it could start waits. Only after `foreignClaims`. */
  waits(run: string): boolean;
  /** Providers that refused an attempt of any run and have not answered since, by name. */
  cooldowns(): readonly Cooldown[];
}

/** The append-only log: the only way to add a fact, and the only way to read one. */
export interface EventLog {
  /**
   * Runs `decide` on the newest state inside one immediate transaction and appends what it returns.
   * Calls that arrive together share a transaction, in the order of the calls. Resolves when the facts are durable.
   */
  commit(run: string, decide: (decision: Decision) => readonly Fact[]): Promise<readonly Event[]>;
  /**
   * As `commit`, for facts nobody waits for: they join the next transaction, at most 20 ms later. A
   * function is asked for them then.
   */
  append(run: string, facts: readonly Fact[] | (() => readonly Fact[])): void;
  /** The fold of everything recorded for a run so far, facts of other processes included. */
  state(run: string): Promise<RunState | undefined>;
  /** Events of a run with a greater `seq`, oldest first. */
  read(run: string, after: number): Promise<readonly Event[]>;
  /**
   * Calls `listener` for each event this process commits, and for what others add to a run this process has at hand,
   * as soon as it learns of it; in order. Returns the way to stop.
   */
  subscribe(listener: (event: Event) => void): () => void;
  /** True when another process has written since the last call. Cheap enough to poll. */
  changed(): boolean;
}
