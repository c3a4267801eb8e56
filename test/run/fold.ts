import type { Event, Fact } from "../../core/run/event.ts";
import { applyEvent, type RunState } from "../../core/run/state.ts";

/** When every fact of `fold` was recorded. */
export const foldedAt = "2026-11-21T10:00:00.000Z";

/** The state of a run after these facts; `look` sees it after each. */
export function fold(facts: readonly Fact[], look: (state: RunState) => void = () => {}): RunState {
  let state: RunState | undefined;
  for (const [i, fact] of facts.entries()) {
    state = applyEvent(state, eventOf(i + 1, fact));
    look(state);
  }
  return state as RunState;
}

/** The event that records a fact. */
export function eventOf(seq: number, fact: Fact): Event {
  return { v: 1, seq, at: foldedAt, run: "r7k2", ...fact };
}
