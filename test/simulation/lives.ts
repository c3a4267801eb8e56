import type { RunParts } from "../../cli/compose.ts";
import { followCourse } from "../../cli/course.ts";
import type { Plan } from "../../core/plan/plan.ts";
import { RegistryDatabase } from "../../core/registry/database.ts";
import { Registry } from "../../core/registry/registry.ts";
import type { Fact } from "../../core/run/event.ts";
import { connectionOf } from "./connection.ts";
import { Driver } from "./driver.ts";
import { simulatedMachine } from "./machine.ts";
import type { Outside } from "./outside.ts";
import { runner } from "./plan.ts";
import { simulatedRepository } from "./repository.ts";

/** Starts an `ra` that goes on with a run. `takesOver`: although its owner lives. */
export function launch(world: Outside, run: string, takesOver: boolean): void {
  const plan = world.plans.get(run) as Plan;
  const driver = new Driver(world.drivers.length + 101, run);
  if (world.exits.has(run)) return;
  if (!takesOver && world.drivers.some((each) => each.run === run && each.alive)) return;
  world.drivers.push(driver);
  world.note(`${driver.pid} is launched for ${run}`);
  const machine = simulatedMachine(world, driver);
  const { clock } = machine;
  const registry = Registry.on(RegistryDatabase.on(connectionOf(world, driver), machine), {
    clock,
  });
  registry.subscribe(({ seq, type, run }) => {
    world.told.push({ seq, type, run, atMs: world.timeline.now });
    world.note(`fact ${seq} ${type}`);
  });
  drive(world, driver, registry, plan, machine).then(
    (code) => exit(world, driver, registry, code),
    (error) => exit(world, driver, registry, error),
  );
}

async function drive(
  world: Outside,
  driver: Driver,
  registry: Registry,
  plan: Plan,
  machine: RunParts["machine"],
) {
  const { run } = driver;
  await registry.reap();
  const state = await registry.state(run);
  const base = world.store.ref("refs/heads/main") as string;
  const owner = { pid: driver.pid, startTicks: driver.pid };
  const parts = {
    run,
    plan,
    state,
    registry,
    machine,
    place: { root: "/sim", commonDir: "/sim", checkout: "/sim", stateDir: "/sim" },
    config: {
      ...{ override: {}, fallback: {}, runners: {}, secrets: [] },
      ...{ logBytesMax: 1, lowWaterBytes: 0 },
    },
    runners: new Map([
      ["agent", runner],
      ["shell", runner],
    ]),
    repository: simulatedRepository(world, driver),
    ground: { target: "main", base, follows: true },
    stepThrough: world.habits.stepThrough,
    concurrency: 1 + (world.seed % 4),
    env: { RA_WORKSPACES: "/" },
    directory: "/sim",
    terminal: { err() {} },
    inTurn: <T>(_: string, work: () => Promise<T>) => world.turn("recovery", driver, work),
  } as unknown as Parameters<typeof followCourse>[0];
  const first = (now: typeof state): Fact =>
    now === undefined
      ? {
          type: "run.started",
          name: run,
          planPath: null,
          plan,
          mode: world.habits.stepThrough ? "step-through" : "auto",
          concurrency: parts.concurrency,
          target: "main",
          base,
          owner,
          epoch: 1,
          requestId: null,
        }
      : { type: "run.resumed", owner, epoch: now.epoch + 1 };
  return await followCourse(parts, first, (dispatcher) => world.dispatchers.set(run, dispatcher));
}

function exit(world: Outside, driver: Driver, registry: Registry, end: unknown): void {
  if (!driver.alive) return;
  world.note(`${driver.pid} ends: ${end instanceof Error ? end.message : end}`);
  registry.close().catch(() => {});
  if (typeof end === "number") {
    world.exits.set(driver.run, end);
    world.count(`exit.${end}`);
    world.leave(driver);
    return;
  }
  world.count("exit.error");
  if (world.trace !== null && end instanceof Error) world.trace.push(end.stack ?? "");
  if (!world.faultsLast) world.troubles += 1;
  if (world.troubles > 5) {
    world.wrong.push(`INV-14: no start succeeds any more: ${(end as Error).message}`);
    world.exits.set(driver.run, -1);
  }
  world.leave(driver);
  world.timeline.in(world.random.between(5_000, 40_000), () => world.launch(driver.run));
}
