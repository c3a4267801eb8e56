import { jsonText } from "../core/plain-text.ts";
import type { Work } from "../core/plan/plan.ts";
import type { Event } from "../core/run/event.ts";
import { looksSecret, secretValues } from "../core/secret/name.ts";
import { createRedactor } from "../core/secret/redactor.ts";

/** An event as one line of JSON, with its end, as it may leave `ra`. */
export function eventLine(event: Event): string {
  return `${jsonText(outward(event))}\n`;
}

/**
 * An event as it may leave `ra`. The plan in `run.started` goes out without the values that its `env` gives to variables whose
 * names look secret, wherever in it they stand; the registry keeps them, as a run is resumed with them.
 */
export function outward(event: Event): Event {
  return event.type === "run.started" ? withoutSecrets(event) : event;
}

function withoutSecrets(event: Extract<Event, { type: "run.started" }>): Event {
  const { plan } = event;
  const redactor = createRedactor([...new Set(plan.tasks.flatMap(({ env }) => secretValues(env)))]);
  const hidden = (text: string): string => redactor?.text(text) ?? text;
  const tasks = plan.tasks.map((task) => ({
    ...task,
    description: hidden(task.description),
    work: workWith(task.work, hidden),
    verify: task.verify === null ? null : hidden(task.verify),
    env: masked(task.env, hidden),
  }));
  return { ...event, plan: { ...plan, tasks } };
}

function workWith(work: Work, hidden: (text: string) => string): Work {
  return work.kind === "prompt"
    ? { ...work, prompt: hidden(work.prompt) }
    : { ...work, command: hidden(work.command) };
}

function masked(
  env: Readonly<Record<string, string>>,
  hidden: (text: string) => string,
): Record<string, string> {
  const entries = Object.entries(env);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, looksSecret(name) ? "***" : hidden(value)]),
  );
}
