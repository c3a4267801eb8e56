import type { Cooldown } from "../run/cooldown.ts";
import type { Event, Fact } from "../run/event.ts";
import type { Decision, ForeignClaim } from "../run/log.ts";
import { applyEvent, type RunState } from "../run/state.ts";
import type { HeldClaims } from "./claims.ts";
import type { KnownCooldowns } from "./cooldowns.ts";
import type { History } from "./history.ts";
import type { Projection } from "./projection.ts";
import { environmentError } from "./trouble.ts";

/** What decides which facts are added to a run. */
export interface Proposal {
  readonly run: string;
  readonly decide: (decision: Decision) => readonly Fact[];
}

/** What became of a proposal. */
export type Verdict =
  | { readonly ok: true; readonly events: readonly Event[] }
  | { readonly ok: false; readonly error: unknown };

export interface TransactionParts {
  readonly history: History;
  readonly projection: Projection;
  readonly claims: HeldClaims;
  readonly cooldowns: KnownCooldowns;
  /** The epoch of each run that this process drives: once another owner has the run, nothing more is added to it here. */
  readonly epochs: ReadonlyMap<string, number>;
}

/** The proposals of one immediate transaction, in their order. Each sees the facts of those before it. */
export class Transaction {
  readonly #parts: TransactionParts;
  readonly #at: string;
  #seq: number;
  #unwritten: Event[] = [];

  /** Takes in what others have written. `nowMs`: the wall clock, for all facts alike. */
  constructor(parts: TransactionParts, nowMs: number) {
    this.#parts = parts;
    this.#at = new Date(nowMs).toISOString();
    this.#seq = parts.history.catchUp();
    parts.claims.refresh();
  }

  /** Lets one proposal decide. When it throws, or its facts are impossible, it adds nothing. */
  add({ run, decide }: Proposal): Verdict {
    const state = this.#parts.history.fold(run);
    const added: Event[] = [];
    try {
      refuseSuperseded(state, this.#parts.epochs);
      const facts = decide({
        state,
        foreignClaims: () => this.#foreignClaims(run),
        waits: (other) => this.#parts.claims.waits(other),
        cooldowns: () => this.#standing(state, run),
      });
      this.#apply(run, state, facts, added);
    } catch (error) {
      if (added.length > 0) this.#refold(run);
      return { ok: false, error };
    }
    this.#seq += added.length;
    this.#unwritten.push(...added);
    return { ok: true, events: added };
  }

  /** Writes the events and the rows that follow from them. Gives the newest `seq`. */
  finish(): number {
    this.#writeEvents();
    this.#parts.projection.write();
    return this.#seq;
  }

  /** Fills `added` one by one, so that the caller knows how far it came. */
  #apply(run: string, before: RunState | undefined, facts: readonly Fact[], added: Event[]): void {
    const { history, projection } = this.#parts;
    let state = before;
    for (const fact of facts) {
      const event: Event = { v: 1, seq: this.#seq + added.length + 1, at: this.#at, run, ...fact };
      state = applyEvent(state, event);
      added.push(event);
    }
    if (state === undefined) return;
    if (before === undefined) history.keep(state);
    for (const event of added) projection.note(state, event);
  }

  /** The fold was changed in place by facts that do not count: folds it anew from what does. */
  #refold(run: string): void {
    const { history, projection } = this.#parts;
    this.#writeEvents();
    history.forget(run);
    projection.forget(run);
    const state = history.fold(run);
    if (state !== undefined) projection.noteAll(state);
  }

  #standing(state: RunState | undefined, run: string): readonly Cooldown[] {
    const { projection, cooldowns } = this.#parts;
    if (projection.hasChangesBeside(run)) projection.write();
    return cooldowns.standing(state, Date.parse(this.#at));
  }

  #foreignClaims(run: string): readonly ForeignClaim[] {
    const { projection, claims } = this.#parts;
    // Runs of this process that are decided in the same transaction are foreign to each other, too.
    if (projection.hasChangesBeside(run)) projection.write();
    return claims.beside(run);
  }

  #writeEvents(): void {
    this.#parts.history.insert(this.#unwritten);
    this.#unwritten = [];
  }
}

/** Throws `RaError` (exit 6) when this process drove the run and another one does now. */
export function refuseSuperseded(
  state: RunState | undefined,
  epochs: ReadonlyMap<string, number>,
): void {
  const epoch = state === undefined ? undefined : epochs.get(state.id);
  if (state === undefined || epoch === undefined || state.epoch === epoch) return;
  const { id } = state;
  const owner = state.hold?.owner ?? state.owner;
  const ownedSince = state.hold?.since ?? state.ownedSince;
  const where = owner.host === undefined ? "" : ` on \`${owner.host}\``;
  throw environmentError(
    "RUN_TAKEN_OVER",
    `run \`${id}\` was taken over by process ${owner.pid}${where} at ${ownedSince}: this \`ra\` ends and records nothing more`,
    `follow it with \`ra logs ${id} -f\``,
  );
}
