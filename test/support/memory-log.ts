import { type KnownRecord, standingCooldowns } from "../../core/run/cooldown.ts";
import type { Event, Fact } from "../../core/run/event.ts";
import type { Decision, EventLog, ForeignClaim } from "../../core/run/log.ts";
import { applyEvent, type RunState } from "../../core/run/state.ts";

/** The log in memory: the same contract as the registry, without a disk. */
export class MemoryLog implements EventLog {
  readonly events: Event[] = [];
  /** What other runs claim; tests set it and call `touch`. */
  foreign: ForeignClaim[] = [];
  /** What other runs know of providers; tests set it and call `touch`. */
  foreignRecords: KnownRecord[] = [];
  /** The wall clock of the log; from the number of events by default. */
  now: (() => number) | null = null;
  /** Runs of which nothing is under way. */
  readonly waiting = new Set<string>();
  readonly #states = new Map<string, RunState>();
  readonly #listeners = new Set<(event: Event) => void>();
  #touched = false;

  commit(run: string, decide: (decision: Decision) => readonly Fact[]): Promise<readonly Event[]> {
    const state = this.#states.get(run);
    try {
      return Promise.resolve(
        this.#add(
          run,
          decide({
            state,
            foreignClaims: () => this.foreign,
            waits: (other) => this.waiting.has(other),
            cooldowns: () => standingCooldowns(this.#records(), this.#nowMs()),
          }),
        ),
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  append(run: string, facts: readonly Fact[] | (() => readonly Fact[])): void {
    this.#add(run, typeof facts === "function" ? facts() : facts);
  }

  async state(run: string): Promise<RunState | undefined> {
    return this.#states.get(run);
  }

  async read(run: string, after: number): Promise<readonly Event[]> {
    return this.events.filter((event) => event.run === run && event.seq > after);
  }

  subscribe(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): boolean {
    const touched = this.#touched;
    this.#touched = false;
    return touched;
  }

  /** As if another process had written. */
  touch(): void {
    this.#touched = true;
  }

  /** The facts of one type, oldest first. */
  ofType<T extends Fact["type"]>(type: T): Extract<Event, { type: T }>[] {
    return this.events.filter((event) => event.type === type) as Extract<Event, { type: T }>[];
  }

  #records(): KnownRecord[] {
    const own = [...this.#states].flatMap(([run, { providers }]) =>
      [...providers].map(([provider, record]) => ({ run, provider, live: true, ...record })),
    );
    return [...own, ...this.foreignRecords];
  }

  #nowMs(): number {
    return this.now?.() ?? Date.UTC(2026, 0, 1) + this.events.length;
  }

  #add(run: string, facts: readonly Fact[]): Event[] {
    const added = facts.map((fact) => {
      const at = new Date(this.#nowMs()).toISOString();
      const event = { v: 1, seq: this.events.length + 1, at, run, ...fact } as Event;
      this.#states.set(run, applyEvent(this.#states.get(run), event));
      this.events.push(event);
      return event;
    });
    for (const event of added) for (const listener of this.#listeners) listener(event);
    return added;
  }
}
