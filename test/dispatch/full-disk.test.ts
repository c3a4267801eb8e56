import { expect, test } from "bun:test";
import { DiskGuard } from "../../core/dispatch/disk-guard.ts";
import { HandsOnFullDisk } from "../../core/dispatch/full-disk.ts";
import type { Landing } from "../../core/run/model.ts";
import { ManualClock, makePlan, makeTask, PuppetHands, startRig } from "../support/rig.ts";

const retries = { max: 0, backoffMs: 10, maxBackoffMs: 10 };
const merged: Landing = { kind: "merged", commit: "c1" };
const noRoom: Landing = {
  kind: "unverified",
  message: "could not be merged: `git unpack-objects` failed (128): No space left on device",
};

test("nothing starts below the low-water mark; what runs ends, and there is more when room is back", async () => {
  let free = 100;
  const tasks = [makeTask("a"), makeTask("b", { deps: ["a"] })];
  const rig = await startRig(makePlan(tasks), { free: () => free });
  await rig.hands.started("a");

  free = 99;
  rig.clock.advance(1_000);
  rig.hands.end("a");
  await rig.settle();
  const waiting = rig.log.ofType("task.waiting").map(({ task, reason }) => [task, reason.kind]);
  const early = rig.hands.live.has("b");
  free = 100;
  rig.clock.advance(1_000);
  await rig.hands.started("b");
  rig.hands.end("b");

  expect(waiting).toEqual([["b", "disk"]]);
  expect(early).toBe(false);
  expect((await rig.finished).exitCode).toBe(0);
  expect(rig.log.ofType("attempt.started").map(({ attempt }) => attempt)).toEqual([1, 1]);
});

test("an attempt that a full disk ended costs its task no try", async () => {
  const rig = await startRig(makePlan([makeTask("a", { retries })]));
  await rig.hands.started("a");

  for (let times = 0; times < 3; times++) {
    rig.hands.end("a", { kind: "disk-full", message: "no room" });
    await rig.settle();
    rig.clock.advance(60_000);
    await rig.hands.started("a");
  }
  rig.hands.end("a");

  expect((await rig.finished).exitCode).toBe(0);
  expect(rig.log.ofType("task.parked")[0]?.message).toBe("disk full: no room");
});

test("a task that fills the disk again and again fails in the end, and says so", async () => {
  const rig = await startRig(makePlan([makeTask("a", { retries })]));

  for (let times = 0; times < 21; times++) {
    await rig.hands.started("a");
    rig.hands.end("a", { kind: "disk-full", message: "no room" });
    await rig.settle();
    rig.clock.advance(60_000);
  }

  expect((await rig.finished).exitCode).toBe(1);
  const [end] = rig.log.ofType("task.finished");
  expect(end?.error).toEqual({ kind: "failed", message: "disk full: no room" });
});

test("a result that a full disk kept from landing lands when it is tried again", async () => {
  const clock = new ManualClock();
  const rig = await startRig(makePlan([makeTask("a")]));
  await rig.hands.started("a");
  const { assignment } = rig.hands.live.get("a") ?? {};
  if (assignment === undefined) throw new Error("a does not run");
  const landings = [noRoom, merged];
  const inner = new PuppetHands();
  inner.land = async () => ({ landing: landings.shift() as Landing, warnings: [] });
  const places = [{ name: "workspaces", path: "/work" }];
  const guard = new DiskGuard({ places, lowWaterBytes: 100, clock, freeOf: () => 1_000 });
  const hands = new HandsOnFullDisk(inner, guard, clock);

  const landed = hands.land(assignment, {} as never);
  await rig.settle();
  clock.advance(2_000);

  expect((await landed).landing).toEqual(merged);
  rig.hands.end("a");
  await rig.finished;
});
