import type { Clock } from "../../core/clock.ts";
import type { Machine } from "../../core/process/machine.ts";
import type { Driver } from "./driver.ts";
import type { Outside, Program } from "./outside.ts";

/** The longest time between two looks for news, in milliseconds. */
const pollMaxMs = 20_000;

/** The machine as one driver sees it. */
export function simulatedMachine(world: Outside, driver: Driver): Machine {
  const { timeline, programs } = world;
  const clock: Clock = {
    now: () => world.wallClock(),
    monotonic: () => timeline.now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const wake = (): void => {
          driver.pollMs = 100;
          signal?.removeEventListener("abort", give);
          resolve();
        };
        const stop = timeline.in(ms, wake, driver);
        const give = (): void => {
          stop();
          resolve();
        };
        signal?.addEventListener("abort", give);
      }),
    after(ms, work) {
      if (ms !== 100) return timeline.in(ms, work, driver);
      // A look for news: while nothing happens there is none.
      driver.pollMs = Math.min(driver.pollMs * 2, pollMaxMs);
      return timeline.in(driver.pollMs / 2, work, driver);
    },
  };
  return {
    clock,
    isAlive: ({ pid }) => programs.isAlive(pid),
    isAttended: ({ pid }) => world.drivers.some((each) => each.pid === pid && each.alive),
    start: (request) => programs.start(driver, request),
    openLog: () => ({ bytes: 0, dropped: 0, problem: null, write() {}, end() {} }),
    freeBytes: () => Number.POSITIVE_INFINITY,
    async endOrphans(_, marks, graceMs) {
      const left = (each: Program): boolean => marks.includes(each.mark);
      const found = programs.living(left).map(({ pid }) => ({ pid, name: "program" }));
      await programs.end(driver, left, graceMs);
      return { found, survivors: [] };
    },
  };
}
