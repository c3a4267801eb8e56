import { useSyncExternalStore } from "preact/compat";
import { useEffect, useState } from "preact/hooks";
import type { RunSummary } from "../../../core/registry/query.ts";
import type { Event } from "../../../core/run/event.ts";
import { applyEvent, type RunState } from "../../../core/run/state.ts";
import { Cell, useCell } from "./cell.ts";
import { line } from "./live.ts";
import { ask } from "./session.ts";

/**
 * How long events are gathered before what they change is asked for again, how much time is at least between two such questions,
 * and how often there is one anyhow, in milliseconds. Each leaves a row in the audit: they must not be many.
 */
const gatherMs = 100;
const betweenMs = 1_500;
const anyhowMs = 20_000;

/** Counts the times at which something may have changed. */
export const pulse = new Cell(0);

let beatAt = Number.NEGATIVE_INFINITY;
let gathering: ReturnType<typeof setTimeout> | undefined;

/** Something may have changed; `isOwn`: by what was done on this page, which is to be seen at once. */
export function stir(isOwn = false): void {
  if (gathering !== undefined && !isOwn) return;
  clearTimeout(gathering);
  const waitMs = isOwn ? gatherMs : Math.max(gatherMs, beatAt + betweenMs - performance.now());
  gathering = setTimeout(() => {
    gathering = undefined;
    beatAt = performance.now();
    pulse.set(pulse.value + 1);
  }, waitMs);
}

/** Begins to hear of all runs. */
export function listen(): void {
  line.follow(null, () => stir());
  line.state.subscribe(() => stir());
  setInterval(() => {
    if (document.visibilityState === "visible") stir();
  }, anyhowMs);
}

/** What the gateway told last; null at first. */
export interface Told<T> {
  readonly value: T | null;
  readonly trouble: Error | null;
}

/** What a path tells, for all who look at it, as long as somebody does. */
class Source {
  readonly #path: string | null;
  readonly #told = new Cell<Told<unknown>>({ value: null, trouble: null });
  #lookers = 0;
  #leave: () => void = () => {};

  constructor(path: string | null) {
    this.#path = path;
  }

  readonly subscribe = (looker: () => void): (() => void) => {
    const leave = this.#told.subscribe(looker);
    this.#lookers += 1;
    if (this.#lookers === 1) {
      this.#leave = pulse.subscribe(() => this.#look());
      this.#look();
    }
    return () => {
      leave();
      this.#lookers -= 1;
      if (this.#lookers === 0) this.#leave();
    };
  };

  get told(): Told<unknown> {
    return this.#told.value;
  }

  #look(): void {
    if (this.#path === null) return;
    ask(this.#path).then(
      (value) => this.#told.set({ value, trouble: null }),
      (trouble: Error) => this.#told.set({ value: this.#told.value.value, trouble }),
    );
  }
}

const sources = new Map<string | null, Source>();

/** What a path tells, asked for anew whenever it may have changed. Null: nothing is asked. */
export function useTold<T>(path: string | null): Told<T> {
  const source = sources.get(path) ?? new Source(path);
  sources.set(path, source);
  return useSyncExternalStore(source.subscribe, () => source.told) as Told<T>;
}

/** A run as the fold of its events, which is how `ra` itself sees it. */
export interface SeenRun {
  readonly state: RunState | undefined;
  readonly events: readonly Event[];
  readonly trouble: string | null;
}

/** How soon events are drawn; as long as more than so many come meanwhile, no oftener than so, in milliseconds. */
const drawMs = 30;
const massOf = 20;
const massMs = 1_000;

class RunLog {
  readonly run: string;
  readonly seen: Cell<SeenRun> = new Cell<SeenRun>({
    state: undefined,
    events: [],
    trouble: null,
  });
  readonly #events: Event[] = [];
  #state: RunState | undefined;
  /** Events there were when a draw was asked for; null: none is. */
  #seenAfter: number | null = null;
  #drawnAt = 0;
  #stop: () => void = () => {};

  constructor(run: string) {
    this.run = run;
    this.#follow();
  }

  leave(): void {
    this.#stop();
  }

  #follow(): void {
    const refused = (trouble: string): void => {
      this.#stop();
      this.seen.set({ ...this.seen.value, trouble });
      // A request that waits has no run yet.
      this.#stop = pulse.subscribe(() => {
        this.#stop();
        this.#follow();
      });
    };
    this.#stop = line.follow(this.run, (event) => this.#take(event), refused);
  }

  #take(event: Event): void {
    this.#state = applyEvent(this.#state, event);
    this.#events.push(event);
    if (this.#seenAfter !== null) return;
    this.#seenAfter = this.#events.length;
    setTimeout(() => this.#draw(), drawMs);
  }

  /** Events that come at once are drawn together; as long as they come in masses, seldom. */
  #draw(): void {
    const came = this.#events.length - (this.#seenAfter ?? 0);
    if (came > massOf && performance.now() - this.#drawnAt < massMs) {
      this.#seenAfter = this.#events.length;
      setTimeout(() => this.#draw(), drawMs);
      return;
    }
    this.#seenAfter = null;
    this.#drawnAt = performance.now();
    this.seen.set({ state: this.#state, events: this.#events, trouble: null });
  }
}

let log: RunLog | undefined;

/** A run that is followed; one at a time, so that its tasks and its tabs share what has come. */
export function useRun(run: string): SeenRun {
  if (log?.run !== run) {
    log?.leave();
    log = new RunLog(run);
  }
  return useCell(log.seen);
}

/** Whether a living `ra` drives a run that has not ended; true until the gateway says otherwise. */
export function useDriven(run: string): boolean {
  const { value } = useTold<{ runs: RunSummary[] }>("/api/runs");
  const listed = value?.runs.find(({ id }) => id === run);
  // The list holds the newest alone.
  const isOlder = value !== null && listed === undefined;
  const older = useTold<{ driven: boolean }>(isOlder ? `/api/runs/${run}` : null);
  return (listed ?? older.value)?.driven ?? true;
}

/** The time, anew each second, for what takes its time. */
export function useNow(isNeeded: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isNeeded) return;
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [isNeeded]);
  return Math.max(now, Date.now());
}

/** Does something that was asked for, and tells what became of it. */
export function useAct(): {
  readonly busy: boolean;
  readonly said: string | null;
  /** Null: there is nothing to tell. `meanwhile`: what is said until it is done. */
  readonly act: (work: () => Promise<string | null>, meanwhile?: string) => void;
} {
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<string | null>(null);
  const act = (work: () => Promise<string | null>, meanwhile?: string): void => {
    setBusy(true);
    setSaid(meanwhile ?? null);
    work()
      .then(setSaid, (error: Error) => setSaid(error.message))
      .finally(() => {
        setBusy(false);
        stir(true);
      });
  };
  return { busy, said, act };
}
