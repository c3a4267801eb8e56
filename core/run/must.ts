import { Bug } from "../assert.ts";
import type { Event } from "./event.ts";

/** Throws a `Bug` that names the event when the order of events is impossible. */
export function must(condition: unknown, event: Event, message: string): asserts condition {
  // Ten thousand tasks fold through here: the text is built only when it is needed.
  if (!condition) throw new Bug(`${describe(event)}: ${message}`);
}

function describe(event: Event): string {
  const subject = "task" in event && event.task ? ` of task ${event.task}` : "";
  return `event ${event.seq} (${event.type}${subject}) of run ${event.run}`;
}
