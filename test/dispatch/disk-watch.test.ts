import { expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { DiskGuard } from "../../core/dispatch/disk-guard.ts";
import { type SamplerOrder, sampleDisks, startSampler } from "../../core/dispatch/disk-sampler.ts";
import { ManualClock } from "../support/rig.ts";

const megabyte = 1024 * 1024;
const places = [
  { name: "the registry", path: tmpdir() },
  { name: "workspaces", path: "/" },
];

/** A guard on disks with as much free as the test says, whose sampler and whose next look the test makes. */
function guardOn(free: number, lowWaterBytes = 64 * megabyte) {
  const disk = { free, looks: 0 };
  const samplers: SamplerOrder[] = [];
  const due: (() => void)[] = [];
  const clock = new ManualClock();
  clock.after = (_, work) => {
    due.push(work);
    return () => {};
  };
  const guard = new DiskGuard({
    places,
    lowWaterBytes,
    clock,
    freeOf: () => {
      disk.looks += 1;
      return disk.free;
    },
    startSampler: (order) => {
      samplers.push(order);
      return () => Atomics.store(order.gate, 0, 1);
    },
  });
  const look = (): void => {
    for (const work of due.splice(0)) work();
  };
  return { guard, disk, samplers, look, due };
}

/** Lets a sampler look at its disks once, in this thread. Gives how long it would wait until it looks again, in milliseconds. */
function sampleOnce(order: SamplerOrder | undefined, freeOf: (path: string) => number): number {
  let waitMs = Number.NaN;
  sampleDisks(order as SamplerOrder, freeOf, (ms) => {
    waitMs = ms;
    return false;
  });
  return waitMs;
}

test("what a sampler sees full counts for the attempts that run then, and names the disk", () => {
  const { guard, samplers } = guardOn(64 * megabyte);
  const [endFirst, endSecond] = [guard.watch(), guard.watch()];

  sampleOnce(samplers[0], (path) => (path === "/" ? 0 : 64 * megabyte));
  const first = endFirst();
  const later = guard.watch();

  expect(first).toEqual({ name: "workspaces", path: "/" });
  expect(endSecond()).toEqual({ name: "workspaces", path: "/" });
  expect(later()).toBeNull();
});

test("one sampler looks for all attempts, and ends once none runs", () => {
  const { guard, samplers, look, due } = guardOn(64 * megabyte);

  const ends = Array.from({ length: 20 }, () => guard.watch());
  look();
  const [gate] = samplers.map((order) => order.gate);
  const whileTheyRun = Atomics.load(gate as Int32Array, 0);
  for (const end of ends) end();
  look();

  expect(samplers).toHaveLength(1);
  expect([whileTheyRun, Atomics.load(gate as Int32Array, 0)]).toEqual([0, 1]);
  expect(due).toHaveLength(0);
});

test("where there is plenty no attempt costs a look; a disk that loses it gets a sampler", () => {
  const { guard, disk, samplers, look } = guardOn(1024 * 1024 * megabyte);

  for (let i = 0; i < 1_000; i++) guard.watch()();
  const looks = disk.looks;
  guard.watch();
  disk.free = 1024 * megabyte;
  look();

  expect(looks).toBe(places.length);
  expect(samplers).toHaveLength(1);
});

test("a guard that is off looks at nothing", () => {
  const { guard, disk, due } = guardOn(0, 0);

  expect(guard.watch()()).toBeNull();
  expect([disk.looks, due.length]).toEqual([0, 0]);
});

test("the less is free the sooner a sampler looks again", () => {
  const { guard, samplers } = guardOn(64 * megabyte);
  guard.watch();

  const waits = [0, 24, 96, 100_000].map((free) => sampleOnce(samplers[0], () => free * megabyte));

  expect(waits).toEqual([2, 2, 20, 250]);
});

test("a sampler in its thread sees what happens while this thread is held up", () => {
  const marks = new Int32Array(new SharedArrayBuffer(8));
  const gate = new Int32Array(new SharedArrayBuffer(4));
  // Any disk is full by that.
  const order = { paths: [tmpdir()], floorBytes: 2 ** 60, bytesPerMs: 1, leastMs: 1, mostMs: 1 };
  const deadline = performance.now() + 10_000;
  const end = startSampler({ ...order, marks, gate });

  for (const mark of [1, 2, 3]) {
    Atomics.store(marks, 0, mark);
    while (Atomics.load(marks, 1) !== mark && performance.now() < deadline);
  }
  end();

  expect(Atomics.load(marks, 1)).toBe(3);
});
