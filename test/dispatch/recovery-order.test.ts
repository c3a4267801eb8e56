import { expect, test } from "bun:test";
import { byEnd } from "../../core/dispatch/recovery.ts";
import type { Event } from "../../core/run/event.ts";
import { applyEvent, type RunState } from "../../core/run/state.ts";
import {
  attemptFinished,
  attemptStarted,
  samplePlan,
  started,
  taskFinished,
} from "../registry/sample.ts";

/** Clocks that a log may have been written by: all in one millisecond, and one that is set back by a year each time. */
const clocks = {
  "the same millisecond": () => "2026-11-21T10:00:00.000Z",
  "a clock that runs back": (seq: number) => `${2026 - seq}-11-21T10:00:00.000Z`,
};

for (const [name, at] of Object.entries(clocks)) {
  test(`takes results up in the order in which they landed, by ${name}`, () => {
    const facts = [
      started(samplePlan(["a", "b", "c"])),
      ...["c", "a", "b"].flatMap((id) => [
        attemptStarted(id),
        attemptFinished(id),
        taskFinished(id),
      ]),
    ];

    let state: RunState | undefined;
    for (const [i, fact] of facts.entries()) {
      const event: Event = { v: 1, seq: i + 1, at: at(i + 1), run: "r7k2", ...fact };
      state = applyEvent(state, event);
    }

    const order = [...(state?.tasks.values() ?? [])].sort(byEnd).map(({ task }) => task.id);
    expect(order).toEqual(["c", "a", "b"]);
  });
}
