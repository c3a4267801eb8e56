import { RegistryDatabase } from "../../core/registry/database.ts";
import { Registry } from "../../core/registry/registry.ts";
import type { Event, Fact } from "../../core/run/event.ts";
import type { RunState } from "../../core/run/state.ts";
import { connectionBeside, hasWritten } from "./connection.ts";
import type { Outside } from "./outside.ts";

/** Who follows all runs in their log, as `ra serve` does, and so knows when there is something to ask for. */
interface Onlooker {
  readonly world: Outside;
  readonly follower: Registry;
}

/** What people ask of the runs from other terminals: `ra stop`, and `ra continue` where a run waits for it. */
export function scheduleRequests(world: Outside): void {
  const { random, habits, timeline } = world;
  const onlooker = { world, follower: registryBeside(world, () => true) };
  if (habits.stop) {
    for (let times = random.between(1, 2); times > 0; times--) {
      const isOfTask = random.chance(0.6);
      const part = random.next();
      timeline.in(random.between(0, 90_000), () => stop(onlooker, isOfTask ? part : null));
    }
  }
  if (habits.stepThrough) timeline.in(random.between(500, 20_000), () => goOn(onlooker));
}

/** `part`: which of the tasks, from 0 to 1; null: the whole run. */
function stop(onlooker: Onlooker, part: number | null): void {
  const { world } = onlooker;
  const run = [...world.plans.keys()][world.drivers.length % world.plans.size] as string;
  const tasks = world.plans.get(run)?.tasks ?? [];
  const task = part === null ? undefined : tasks[Math.floor(part * tasks.length)]?.id;
  const of = task === undefined ? {} : { task };
  request(onlooker, run, {
    counts: task === undefined ? "user.stop" : "user.stop.task",
    isDue: ({ tasks }) => task === undefined || tasks.get(task)?.finishedAt === null,
    fact: { type: "request.received", action: "stop", ...of, by: "ra stop" },
  });
}

/** Somebody looks now and then whether a run waits for an answer. */
function goOn(onlooker: Onlooker): void {
  const { random, timeline, plans, exits } = onlooker.world;
  const open = [...plans.keys()].filter((run) => !exits.has(run));
  for (const run of open) {
    request(onlooker, run, {
      counts: "user.continue",
      isDue: ({ status }) => status === "paused",
      fact: { type: "request.received", action: "continue", by: "ra continue" },
    });
  }
  if (open.length > 0) timeline.in(random.between(500, 20_000), () => goOn(onlooker));
}

/** What somebody asks of a run. */
interface Wish {
  readonly counts: string;
  /** True where the run has something to do with it. */
  readonly isDue: (state: RunState) => boolean;
  readonly fact: Fact;
}

/** A process of its own that adds a fact to a run and ends; it asks nothing of a run that nobody drives. */
function request({ world, follower }: Onlooker, run: string, { counts, isDue, fact }: Wish): void {
  const { timeline } = world;
  const isDriven = (): boolean => world.drivers.some((each) => each.run === run && each.alive);
  if (!isDriven()) return;
  const isWanted = (state: RunState | undefined): boolean =>
    state !== undefined && state.finishedAt === null && isDriven() && isDue(state);
  const ask = async (state: RunState | undefined): Promise<readonly Event[]> => {
    if (!isWanted(state)) return [];
    return await registryBeside(world, isDriven).commit(run, ({ state }) => {
      if (!isWanted(state)) return [];
      world.count(counts);
      return [fact];
    });
  };
  timeline.in(0, () => {
    follower
      .state(run)
      .then(ask)
      .then((events) => {
        if (hasWritten()) world.writesTotal += 1;
        for (const { seq, type } of events) {
          world.told.push({ seq, type, run, atMs: timeline.now });
          world.note(`request ${seq}`);
        }
      })
      .catch((error: Error) => world.wrong.push(`INV-11: a request is refused: ${error.message}`));
  });
}

/** The registry of a process that drives nothing. What it adds, it adds at once. */
function registryBeside(world: Outside, isAttended: () => boolean): Registry {
  const { timeline } = world;
  return Registry.on(RegistryDatabase.on(connectionBeside(), { isAlive: () => true, isAttended }), {
    clock: {
      now: () => world.wallClock(),
      monotonic: () => timeline.now,
      sleep: (ms) => new Promise((resolve) => timeline.in(ms, resolve)),
      after(_, work) {
        work();
        return () => {};
      },
    },
  });
}
