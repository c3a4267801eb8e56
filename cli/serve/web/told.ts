import { useEffect, useState } from "preact/hooks";
import type { Event } from "../../../core/run/event.ts";
import { applyEvent, type RunState } from "../../../core/run/state.ts";
import { Cell, useCell } from "./cell.ts";
import { line } from "./live.ts";
import { ask, type Refused } from "./session.ts";

/** How long events are gathered before what they change is asked for again, and how often it is anyhow, in milliseconds. */
const gatherMs = 150;
const anyhowMs = 10_000;

/** Counts the times at which something may have changed. */
export const pulse = new Cell(0);

let gathering: ReturnType<typeof setTimeout> | undefined;

/** Something may have changed. */
export function stir(): void {
  if (gathering !== undefined) return;
  gathering = setTimeout(() => {
    gathering = undefined;
    pulse.set(pulse.value + 1);
  }, gatherMs);
}

/** Begins to hear of all runs. */
export function listen(): void {
  line.follow(null, stir);
  line.state.subscribe(stir);
  setInterval(() => {
    if (document.visibilityState === "visible") stir();
  }, anyhowMs);
}

/** What the gateway told last; null at first. */
export interface Told<T> {
  readonly value: T | null;
  readonly trouble: Refused | Error | null;
}

/** What a path tells, asked for anew whenever it may have changed. */
export function useTold<T>(path: string): Told<T> {
  const beat = useCell(pulse);
  const [told, setTold] = useState<Told<T> & { readonly path: string }>();
  // The pulse says that it may have changed.
  useEffect(() => {
    let isWanted = true;
    ask<T>(path).then(
      (value) => isWanted && setTold({ path, value, trouble: null }),
      (trouble) =>
        isWanted &&
        setTold((last) => {
          return { path, value: last?.path === path ? last.value : null, trouble };
        }),
    );
    return () => {
      isWanted = false;
    };
  }, [path, beat]);
  return told?.path === path ? told : { value: null, trouble: null };
}

/** A run as the fold of its events, which is how `ra` itself sees it. */
export interface SeenRun {
  readonly state: RunState | undefined;
  readonly events: readonly Event[];
  readonly trouble: string | null;
}

class RunLog {
  readonly run: string;
  readonly seen: Cell<SeenRun> = new Cell<SeenRun>({
    state: undefined,
    events: [],
    trouble: null,
  });
  readonly #events: Event[] = [];
  #state: RunState | undefined;
  #isDrawn = true;
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
    if (!this.#isDrawn) return;
    this.#isDrawn = false;
    // Many events come at once: they are drawn together.
    setTimeout(() => {
      this.#isDrawn = true;
      this.seen.set({ state: this.#state, events: this.#events, trouble: null });
    }, 30);
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
  readonly act: (work: () => Promise<string>) => void;
} {
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<string | null>(null);
  const act = (work: () => Promise<string>): void => {
    setBusy(true);
    work()
      .then(setSaid, (error: Error) => setSaid(error.message))
      .finally(() => {
        setBusy(false);
        stir();
      });
  };
  return { busy, said, act };
}
