import { describe, expect, test } from "bun:test";
import type { Assignment } from "../../core/dispatch/assignment.ts";
import { type AttemptEnd, failedAttempt } from "../../core/dispatch/attempt.ts";
import { HandsOnFullDisk } from "../../core/dispatch/full-disk.ts";
import type { Landing, Outcome } from "../../core/run/model.ts";
import { guardOf, ManualClock, makePlan, makeTask, PuppetHands, startRig } from "../support/rig.ts";

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

describe("an attempt on a disk that is full at some moment of it", () => {
  const succeeded: Outcome = { kind: "succeeded", commit: "c1" };

  /** Comes to `outcome`, with so many bytes free when it starts and when it ends. `restore`: puts a checkout back. */
  function attemptOn(
    [atStart, atEnd]: readonly [number, number],
    outcome: Outcome,
    restore: () => Promise<void> = async () => {},
  ): { readonly ended: Promise<AttemptEnd>; readonly clock: ManualClock } {
    let free = atStart;
    const clock = new ManualClock();
    const inner = new PuppetHands();
    inner.attempt = async () => {
      free = atEnd;
      return { ...failedAttempt(outcome, 1), restore };
    };
    const guard = guardOf(() => free, clock);
    const hands = new HandsOnFullDisk(inner, guard, clock);
    const assignment = {} as Assignment;
    return { ended: hands.attempt(assignment, new AbortController().signal, () => {}), clock };
  }

  test.each([
    [succeeded, [99, 100]],
    [succeeded, [100, 99]],
    [{ kind: "unchanged" }, [99, 100]],
    [{ kind: "failed", message: "exit code 1" }, [99, 100]],
  ] as const)("%j does not count, free bytes %j", async (outcome, free) => {
    const { ended } = attemptOn(free, outcome);

    const words = outcome.kind === "failed" ? outcome.message : "workspaces (/work) was full";
    expect((await ended).outcome).toEqual({
      kind: "disk-full",
      message: expect.stringContaining(words),
    });
  });

  test.each([
    succeeded,
    { kind: "unchanged" },
    { kind: "failed", message: "exit code 1" },
  ] as const)("%j counts where there was room", async (outcome) => {
    const { ended } = attemptOn([100, 100], outcome);

    expect((await ended).outcome).toEqual(outcome);
  });

  test("is taken back in place once there is room for that", async () => {
    const full = new Error("read-tree failed (128): No space left on device");
    const tries = [Promise.reject(full), Promise.reject(full), Promise.resolve()];
    for (const each of tries) each.catch(() => {});
    const { ended, clock } = attemptOn([99, 100], succeeded, () => tries.shift() as Promise<void>);

    while (tries.length > 0) {
      await Bun.sleep(0);
      clock.advance(2_000);
    }

    expect((await ended).outcome.kind).toBe("disk-full");
  });

  test("that cannot be taken back for another reason crashed", async () => {
    const restore = () => Promise.reject(new Error("index.lock is there"));
    const { ended } = attemptOn([99, 100], succeeded, restore);

    expect((await ended).outcome).toEqual({ kind: "crashed", message: "index.lock is there" });
  });
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
  const hands = new HandsOnFullDisk(
    inner,
    guardOf(() => 1_000, clock),
    clock,
  );

  const landed = hands.land(assignment, {} as never);
  await rig.settle();
  clock.advance(2_000);

  expect((await landed).landing).toEqual(merged);
  rig.hands.end("a");
  await rig.finished;
});
