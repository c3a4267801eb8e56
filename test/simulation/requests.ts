import { RegistryDatabase } from "../../core/registry/database.ts";
import { Registry } from "../../core/registry/registry.ts";
import type { Fact } from "../../core/run/event.ts";
import type { RunState } from "../../core/run/state.ts";
import { hasWritten } from "./connection.ts";
import type { Outside } from "./outside.ts";

/** What people ask of the runs from other terminals: `ra stop`, and `ra continue` where a run waits for it. */
export function scheduleRequests(world: Outside): void {
  const { random, habits, timeline } = world;
  if (habits.stop) {
    for (let times = random.between(1, 2); times > 0; times--) {
      const isOfTask = random.chance(0.6);
      const part = random.next();
      timeline.in(random.between(0, 90_000), () => stop(world, isOfTask ? part : null));
    }
  }
  if (habits.stepThrough) timeline.in(random.between(500, 20_000), () => goOn(world));
}

/** `part`: which of the tasks, from 0 to 1; null: the whole run. */
function stop(world: Outside, part: number | null): void {
  const run = [...world.plans.keys()][world.drivers.length % world.plans.size] as string;
  const tasks = world.plans.get(run)?.tasks ?? [];
  const task = part === null ? undefined : tasks[Math.floor(part * tasks.length)]?.id;
  request(world, run, (state) => {
    if (task !== undefined && state.tasks.get(task)?.finishedAt !== null) return [];
    world.count(task === undefined ? "user.stop" : "user.stop.task");
    const of = task === undefined ? {} : { task };
    return [{ type: "request.received", action: "stop", ...of, by: "ra stop" }];
  });
}

/** Somebody looks now and then whether a run waits for an answer. */
function goOn(world: Outside): void {
  const { random, timeline, plans, exits } = world;
  const open = [...plans.keys()].filter((run) => !exits.has(run));
  for (const run of open) {
    request(world, run, (state) => {
      if (state.status !== "paused") return [];
      world.count("user.continue");
      return [{ type: "request.received", action: "continue", by: "ra continue" }];
    });
  }
  if (open.length > 0) timeline.in(random.between(500, 20_000), () => goOn(world));
}

/** A process of its own that adds facts to a run and ends; it asks nothing of a run that nobody drives. */
function request(world: Outside, run: string, decide: (state: RunState) => readonly Fact[]): void {
  const { timeline, memory } = world;
  const isDriven = (): boolean => world.drivers.some((each) => each.run === run && each.alive);
  if (!isDriven()) return;
  const living = { isAlive: () => true, isAttended: isDriven };
  const registry = Registry.on(RegistryDatabase.on(memory, living), {
    clock: {
      now: () => world.wallClock(),
      monotonic: () => timeline.now,
      sleep: (ms) => new Promise((resolve) => timeline.in(ms, resolve)),
      after: (ms, work) => timeline.in(ms, work),
    },
  });
  registry
    .commit(run, ({ state }) => {
      return state === undefined || state.finishedAt !== null || !isDriven() ? [] : decide(state);
    })
    .then((events) => {
      if (hasWritten()) world.writesTotal += 1;
      for (const { seq, type } of events) {
        world.told.push({ seq, type, run, atMs: timeline.now });
        world.note(`request ${seq}`);
      }
    })
    .catch((error: Error) => world.wrong.push(`INV-11: a request is refused: ${error.message}`));
}
