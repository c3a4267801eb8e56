import { jsonText } from "../core/plain-text.ts";
import type { Event } from "../core/run/event.ts";
import { looksSecret } from "../core/secret/name.ts";

/** An event as one line of JSON, with its end, as it may leave `ra`. */
export function eventLine(event: Event): string {
  return `${jsonText(outward(event))}\n`;
}

/**
 * An event as it may leave `ra`. The plan in `run.started` goes out without the values that its `env` gives to variables whose
 * names look secret; the registry keeps them, as a run is resumed with them.
 */
export function outward(event: Event): Event {
  return event.type === "run.started" ? withoutSecrets(event) : event;
}

function withoutSecrets(event: Extract<Event, { type: "run.started" }>): Event {
  const tasks = event.plan.tasks.map((task) => ({ ...task, env: masked(task.env) }));
  return { ...event, plan: { ...event.plan, tasks } };
}

function masked(env: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(env);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, looksSecret(name) ? "***" : value]),
  );
}
