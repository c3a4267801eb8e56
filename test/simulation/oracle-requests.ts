import type { Event } from "../../core/run/event.ts";
import type { Outside } from "./outside.ts";

/** How long the owner of a run may take to see a request, in milliseconds: it looks for news at least so often. */
const seenMs = 30_000;

/** How long an owner may be suspended, in milliseconds. */
const suspendedMs = 90_000;

/** INV-11 and 14: what people asked for comes, and what they were to be asked for does not come without. */
export function judgeRequests(world: Outside, log: readonly Event[]): string[] {
  const wrong: string[] = [];
  const times = new Map(world.told.map(({ seq, atMs }) => [seq, atMs]));
  const patienceMs = seenMs + (world.habits.takeover ? suspendedMs : 0);
  /** When a run, or a task of it, was asked to stop in the present life of the run. */
  const stops = new Map<string, number>();
  /** Answers to each run that waits. */
  const paused = new Map<string, number>();
  for (const event of log) {
    const { run, seq, type } = event;
    const atMs = times.get(seq);
    if (type === "run.resumed" || type === "run.finished") {
      for (const name of stops.keys()) if (name.startsWith(run)) stops.delete(name);
      paused.delete(run);
    }
    if (type === "run.paused") paused.set(run, 0);
    if (type === "request.received") {
      const answers = paused.get(run);
      if (event.action === "continue" && answers !== undefined) paused.set(run, answers + 1);
      if (event.action === "stop" && atMs !== undefined) stops.set(nameOf(run, event.task), atMs);
    }
    if (type === "run.continued") {
      // Who asks twice is answered twice.
      if (paused.get(run) === 0) wrong.push(`INV-11: event ${seq} goes on and nobody asked for it`);
      paused.delete(run);
    }
    if (type !== "attempt.started") continue;
    if (paused.has(run)) wrong.push(`INV-7: event ${seq} starts a task while ${run} is paused`);
    for (const name of [run, nameOf(run, event.task)]) {
      const since = stops.get(name);
      if (since !== undefined && (atMs ?? 0) > since + patienceMs)
        wrong.push(`INV-14: event ${seq} starts ${event.task} although ${name} was stopped`);
    }
  }
  return wrong;
}

function nameOf(run: string, task: string | undefined): string {
  return task === undefined ? run : `${run}/${task}`;
}
