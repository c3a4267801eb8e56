import { expect, test } from "bun:test";
import type { Clock } from "../../core/clock.ts";
import { TimeLimit } from "../../core/dispatch/time-limit.ts";

/** A clock whose alarms ring when it is set forward. */
class AlarmClock implements Pick<Clock, "monotonic" | "after"> {
  #now = 0;
  #alarms: { readonly at: number; readonly work: () => void }[] = [];

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, work: () => void): () => void {
    const alarm = { at: this.#now + ms, work };
    this.#alarms.push(alarm);
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
    };
  }

  advance(ms: number): void {
    this.#now += ms;
    const due = this.#alarms.filter(({ at }) => at <= this.#now);
    this.#alarms = this.#alarms.filter(({ at }) => at > this.#now);
    for (const { work } of due) work();
  }
}

function limitOf(ms: number): { clock: AlarmClock; limit: TimeLimit; due: () => number } {
  const clock = new AlarmClock();
  let times = 0;
  const limit = new TimeLimit(clock as unknown as Clock, ms, () => {
    times += 1;
  });
  return { clock, limit, due: () => times };
}

test("the time comes once", () => {
  const { clock, due } = limitOf(100);

  clock.advance(99);
  const before = due();
  clock.advance(1000);

  expect([before, due()]).toEqual([0, 1]);
});

test("stands still while anybody holds it", () => {
  const { clock, limit, due } = limitOf(100);

  clock.advance(60);
  limit.hold();
  limit.hold();
  clock.advance(10_000);
  limit.release();
  clock.advance(10_000);
  limit.release();
  clock.advance(39);
  const before = due();
  clock.advance(1);

  expect([before, due()]).toEqual([0, 1]);
});

test("does not go on once it has ended, whatever is released later", () => {
  const { clock, limit, due } = limitOf(100);

  limit.hold();
  limit.end();
  limit.release();
  clock.advance(1000);

  expect(due()).toBe(0);
});
