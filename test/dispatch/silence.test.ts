import { expect, test } from "bun:test";
import type { Clock } from "../../core/clock.ts";
import { watchSilence } from "../../core/dispatch/silence.ts";

/** A clock that the test moves, its timers included. */
class SteppedClock implements Pick<Clock, "monotonic" | "after"> {
  #now = 0;
  #timers: { readonly at: number; readonly work: () => void }[] = [];

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, work: () => void): () => void {
    const timer = { at: this.#now + ms, work };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  get timers(): number {
    return this.#timers.length;
  }

  to(ms: number): void {
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= ms).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#now = next.at;
      next.work();
    }
    this.#now = ms;
  }
}

function watch(afterMs: number | null) {
  const clock = new SteppedClock();
  const silentAt: number[] = [];
  const silence = watchSilence(clock as unknown as Clock, afterMs, () =>
    silentAt.push(clock.monotonic()),
  );
  return { clock, silence, silentAt };
}

test("an attempt is silent when so much time has passed since its last word, and that once", () => {
  const { clock, silence, silentAt } = watch(1000);

  for (const at of [300, 900, 1700]) {
    clock.to(at);
    silence.heard();
  }
  clock.to(60_000);

  expect(silentAt).toEqual([2700]);
  expect(clock.timers).toBe(0);
});

test("one that never says a word is silent from its start on", () => {
  const { clock, silentAt } = watch(1000);

  clock.to(5000);

  expect(silentAt).toEqual([1000]);
});

test("while a person is asked nobody else is to speak", async () => {
  const { clock, silence, silentAt } = watch(1000);
  const answer = Promise.withResolvers<string>();
  clock.to(500);

  const asked = silence.during(answer.promise);
  clock.to(7300);
  answer.resolve("yes");
  expect(await asked).toBe("yes");
  clock.to(8200);
  expect(silentAt).toEqual([]);
  clock.to(9500);

  expect(silentAt).toEqual([8300]);
});

test("without a limit, and at its end, no timer is left", () => {
  const [free, ended] = [watch(null), watch(1000)];

  ended.silence.end();
  for (const { clock } of [free, ended]) clock.to(100_000);

  expect([free.clock.timers, ended.clock.timers]).toEqual([0, 0]);
  expect([...free.silentAt, ...ended.silentAt]).toEqual([]);
});
