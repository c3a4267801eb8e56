import { expect, test } from "bun:test";
import { simulate } from "./simulate.ts";

test("a run keeps its promises whatever fails around it, in 300 simulated worlds", () => {
  const wrong: string[] = [];
  const counts = new Map<string, number>();
  for (let seed = 1; seed <= 300; seed++) {
    const played = simulate(seed);
    for (const what of played.wrong) wrong.push(`seed ${seed}: ${what}`);
    for (const [what, times] of played.counts) counts.set(what, (counts.get(what) ?? 0) + times);
  }

  expect(wrong).toEqual([]);
  // A fault that never comes proves nothing.
  const faults = ["fault.kill", "fault.power", "fault.EIO", "fault.ENOSPC", "fault.takeover"];
  for (const fault of [
    ...faults,
    "user.commit",
    "user.rewind",
    "user.stop",
    "user.stop.task",
    "user.continue",
    "attempt.carried",
    "check.broken",
    "exit.0",
    "exit.7",
  ]) {
    expect([fault, counts.get(fault) ?? 0]).not.toEqual([fault, 0]);
  }
});

test("a seed always plays the same", () => {
  for (let seed = 1; seed <= 60; seed++) {
    expect([seed, simulate(seed).hash]).toEqual([seed, simulate(seed).hash]);
  }
});

test("a start that cannot be recorded ends the attempts that wait to begin with it", () => {
  // In these worlds the registry fails while a task starts beside others; those then waited for ever.
  for (const seed of [38, 186]) expect([seed, ...simulate(seed).wrong]).toEqual([seed]);
});

test("what the log names as kept stays so when a recovery fails half way, or an owner wakes that was superseded", () => {
  // In these worlds a look at what an attempt had left took the place of its result.
  for (const seed of [257, 3176]) expect([seed, ...simulate(seed).wrong]).toEqual([seed]);
});
