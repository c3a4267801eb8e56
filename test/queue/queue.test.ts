import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Pacing } from "../../core/queue/policy.ts";
import type { QueuedRequest } from "../../core/queue/request.ts";
import { Requests } from "../../core/registry/requests.ts";
import { openRegistry } from "../registry/temporary.ts";
import { cleanUp } from "../support/leftovers.ts";
import { newRequest } from "./request.ts";
import { FakeWorld } from "./world.ts";

const concurrent: Pacing = { mode: "concurrent", cap: 3 };
const serial: Pacing = { mode: "serial", cap: 3 };

async function worldOf(pacing = concurrent) {
  const { database } = await openRegistry();
  // The world sees the requests by itself, whatever becomes of the queue's store.
  const [store, view] = [new Requests(database), new Requests(database)];
  const world = new FakeWorld(store, view, pacing);
  const accept = (name: string, more = {}): QueuedRequest => {
    const acceptance = world.queue.accept([newRequest(name, more)]);
    if (acceptance.kind !== "accepted") throw new Error(acceptance.kind);
    return acceptance.requests[0]!;
  };
  const status = (): Record<string, string> =>
    Object.fromEntries(view.newest(1_000).map((one) => [one.name, one.status]));
  return { store, view, world, accept, status };
}

test("runs one after the other in order, and goes on after one that failed", async () => {
  const { world, accept, status } = await worldOf(serial);
  for (const name of ["a", "b", "c"]) accept(name);

  await world.settle();
  expect(world.driving).toEqual(["a"]);
  world.end("a", "failed");
  await world.settle();
  expect(world.driving).toEqual(["b"]);
  world.end("b");
  await world.settle();
  world.end("c");
  await world.settle();

  expect(status()).toEqual({ a: "rejected", b: "fulfilled", c: "fulfilled" });
  expect(world.told).toEqual([
    ...["a queued", "b queued", "c queued", "a running"],
    ...["a rejected", "b running", "b fulfilled", "c running", "c fulfilled"],
  ]);
});

test("runs three side by side, the fourth as soon as one ends", async () => {
  const { world, accept } = await worldOf();
  for (const name of ["a", "b", "c", "d"]) accept(name);

  await world.settle();
  expect(world.driving).toEqual(["a", "b", "c"]);
  world.end("b");
  await world.settle();

  expect(world.driving).toEqual(["a", "c", "d"]);
});

test("keeps the order within a conversation", async () => {
  const { world, accept } = await worldOf();
  accept("a1", { conversation: "a" });
  accept("a2", { conversation: "a" });
  accept("b1", { conversation: "b" });

  await world.settle();
  expect(world.driving).toEqual(["a1", "b1"]);
  world.end("a1", "failed");
  await world.settle();

  expect(world.driving).toEqual(["a2", "b1"]);
});

test("asks a run to end whose request is cancelled, once, and frees its place when it has", async () => {
  const { world, accept, status } = await worldOf(serial);
  const { id, run } = accept("a");
  accept("b");
  await world.settle();

  expect(world.queue.cancel(id, "Ada")).toBe("asked");
  await world.settle();
  await world.settle();
  expect(world.runs.get(run)?.stops).toBe(1);
  world.end("a", "stopped");
  await world.settle();

  expect(status()).toMatchObject({ a: "cancelled", b: "running" });
});

test("drives on what broke off, as the same run, and gives up in the end", async () => {
  const { world, accept, status } = await worldOf(serial);
  const { run } = accept("a");
  await world.settle();

  for (let life = 1; life <= 6; life++) {
    expect([life, world.driving]).toEqual([life, ["a"]]);
    world.end("a", "idle");
    await world.settle();
  }

  expect(status()).toEqual({ a: "rejected" });
  expect([...world.runs]).toEqual([[run, { status: "idle", opened: 1, stops: 0 }]]);
});

test("a run that goes on after the queue was killed is waited for and not started again", async () => {
  const { world, accept, status } = await worldOf(serial);
  const { run } = accept("a");
  accept("b");
  await world.settle();

  world.restart(serial);
  await world.settle();
  expect(world.driving).toEqual(["a"]);
  world.end("a");
  await world.settle();

  expect(world.driving).toEqual(["b"]);
  expect(world.runs.get(run)?.opened).toBe(1);
  expect(status()).toMatchObject({ a: "fulfilled", b: "running" });
});

test("nothing starts after the end of the queue, and the next one goes on", async () => {
  const { world, accept, status } = await worldOf(serial);
  accept("a");
  accept("b");
  await world.settle();

  await world.queue.close();
  world.end("a", "interrupted");
  await world.settle();
  expect(world.driving).toEqual([]);
  expect(status()).toEqual({ a: "running", b: "queued" });
  world.restart(serial);
  await world.settle();

  expect(world.driving).toEqual(["a"]);
});

test("a registry that fails for a while, and programs that do not start, cost nothing but time", async () => {
  const { store, world, accept, status } = await worldOf(serial);
  const open = store.open.bind(store);
  store.open = () => {
    throw new Error("locked");
  };
  accept("a");
  await world.settle();
  store.open = open;
  world.startFails = true;
  await world.settle();
  world.startFails = false;
  await world.settle();

  expect(world.troubles.map((error) => (error as Error).message)).toContain("locked");
  expect(world.driving).toEqual(["a"]);
  world.end("a");
  await world.settle();
  expect(status()).toEqual({ a: "fulfilled" });
});

test("a listener that throws keeps nothing from running", async () => {
  const { world, accept } = await worldOf();
  world.queue.subscribe(() => {
    throw new Error("deaf");
  });

  accept("a");
  await world.settle();

  expect(world.driving).toEqual(["a"]);
});

type Step = "accept" | "end" | "fail" | "die" | "cancel" | "kill" | "fault";

const methods = ["open", "find", "begin", "settle"] as const;

/** The registry fails at the next call of a method, before or after it has done what it does. */
function failOnce(store: Requests, method: (typeof methods)[number], after: boolean): void {
  const real = Reflect.get(Requests.prototype, method) as (...args: unknown[]) => unknown;
  Object.assign(store, {
    [method]: (...args: unknown[]) => {
      Reflect.deleteProperty(store, method);
      if (after) real.apply(store, args);
      throw new Error("the registry failed");
    },
  });
}

test("whatever happens and fails, each request ends once, no run is opened twice, and conversations keep their order", async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant<Step>("accept") },
    { weight: 4, arbitrary: fc.constantFrom<Step>("end", "fail") },
    { weight: 2, arbitrary: fc.constantFrom<Step>("die", "cancel", "kill", "fault") },
  );
  await fc.assert(
    fc
      .asyncProperty(
        fc.array(fc.tuple(step, fc.nat(99)), { maxLength: 40 }),
        fc.constantFrom(serial, concurrent),
        async (steps, pacing) => {
          const { store, view, world, status } = await worldOf(pacing);
          let count = 0;
          for (const [what, n] of steps) {
            const { driving } = world;
            const chosen = driving[n % Math.max(1, driving.length)];
            if (what === "accept") {
              const conversation = n % 3 === 0 ? null : `c${n % 3}`;
              count += 1;
              world.queue.accept([newRequest(`q${count}`, { conversation, key: `k${count}` })]);
            } else if (what === "kill") world.restart(pacing);
            else if (what === "fault") failOnce(store, methods[n % 4] ?? "open", n >= 50);
            else if (what === "cancel") world.queue.cancel(view.newest(1)[0]?.id ?? "", "Ada");
            else if (chosen !== undefined) {
              world.end(chosen, { end: "succeeded", fail: "failed", die: "idle" }[what] as never);
            }
            if (n % 2 === 0) await world.settle();
            expect(world.driving.length).toBeLessThanOrEqual(pacing.mode === "serial" ? 1 : 3);
          }
          for (const method of methods) Reflect.deleteProperty(store, method);
          for (let i = 0; i < 3 * count + 3; i++) {
            await world.settle();
            for (const name of world.driving) world.end(name);
          }
          await world.settle();
          const ended = Object.values(status());
          expect(ended.length).toBe(count);
          expect(ended.filter((one) => one === "queued" || one === "running")).toEqual([]);
          expect([...world.runs.values()].every(({ opened }) => opened === 1)).toBe(true);
        },
      )
      .afterEach(cleanUp),
    { numRuns: 60 },
  );
}, 60_000);
