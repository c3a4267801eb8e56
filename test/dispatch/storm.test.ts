import { describe, expect, test } from "bun:test";
import { makePlan, makeTask, startRig } from "../support/rig.ts";
import { runStorm, type Server } from "../support/storm.ts";

/** Answers so many requests in each window and refuses the rest, saying when the next begins. */
function perWindow(count: number, windowMs: number): Server {
  let window = -1;
  let made = 0;
  return (_request, atMs) => {
    const now = Math.floor(atMs / windowMs);
    if (now !== window) [window, made] = [now, 0];
    made += 1;
    return made > count ? { untilMs: (now + 1) * windowMs } : "answers";
  };
}

const storms: readonly (readonly [string, Server, number])[] = [
  ["refuses its first minute and says so", (_, at) => until(60_000, at, true), 3],
  ["refuses its first minute and does not say so", (_, at) => until(60_000, at, false), 3],
  ["refuses its first minute, four at once", (_, at) => until(60_000, at, false), 4],
  ["refuses its first minute, twelve at once", (_, at) => until(60_000, at, false), 12],
  ["refuses every eighth request for no time", (n) => every(8, n, null), 3],
  ["refuses every eighth request for no time, twelve at once", (n) => every(8, n, null), 12],
  ["refuses every third request", (n) => every(3, n, null), 3],
  ["answers four requests a minute", perWindow(4, 60_000), 3],
  ["answers four requests a minute, four at once", perWindow(4, 60_000), 4],
  ["answers four requests a minute, twelve at once", perWindow(4, 60_000), 12],
  ["answers eight requests a minute", perWindow(8, 60_000), 3],
  ["answers eight requests a minute, four at once", perWindow(8, 60_000), 4],
  ["answers eight requests a minute, twelve at once", perWindow(8, 60_000), 12],
];

function agents(count: number) {
  const work = { kind: "prompt", prompt: "work" } as const;
  const ids = Array.from({ length: count }, (_, i) => `t${i}`);
  return makePlan(ids.map((id) => makeTask(id, { work, runner: "kilo", model: "openrouter/m" })));
}

function until(endMs: number, atMs: number, says: boolean): ReturnType<Server> {
  return atMs < endMs ? { untilMs: says ? endMs : null } : "answers";
}

function every(count: number, request: number, untilMs: number | null): ReturnType<Server> {
  return request % count === 0 ? { untilMs } : "answers";
}

describe("twelve tasks on a provider that", () => {
  test.each(storms)(
    "%s: all end done with at most 1.5 times the requests",
    async (_, server, at) => {
      const storm = await runStorm(server, { concurrency: at });

      expect(storm.end).toEqual({ status: "succeeded", exitCode: 0 });
      expect(storm.refused).toBeGreaterThan(0);
      expect(storm.requests / storm.needed).toBeLessThanOrEqual(1.5);
      expect(storm.doneWhileRefused).toEqual([]);
    },
  );

  test("never refuses: is met by two, then ever more of them, and nobody is told to wait", async () => {
    const storm = await runStorm(() => "answers", { concurrency: 12 });
    const rig = await startRig(agents(12), { concurrency: 12 });
    const atOnce = [rig.hands.live.size];
    for (let round = 0; round < 5; round++) {
      for (const id of [...rig.hands.live.keys()]) rig.hands.answer(id);
      await rig.settle();
      atOnce.push(rig.hands.live.size);
    }
    for (const id of [...rig.hands.live.keys()]) rig.hands.end(id);
    await rig.finished;
    const usual = await startRig(agents(3), { concurrency: 3 });
    const first = usual.hands.live.size;
    for (const id of [...usual.hands.live.keys()]) usual.hands.end(id);
    await usual.finished;

    expect([storm.end.status, storm.requests]).toEqual(["succeeded", storm.needed]);
    // Two requests each: a second without a brake.
    expect(storm.lastsMs).toBeLessThanOrEqual(3000);
    expect(atOnce).toEqual([2, 4, 6, 8, 10, 12]);
    expect(first).toBe(3);
    expect(storm.rig.log.ofType("task.waiting")).toEqual([]);
    expect(rig.log.ofType("cooldown.ended")).toEqual([]);
  });

  test("refuses for an hour, and lies about it: is asked ever less often", async () => {
    const lies: Server = (_, at) => (at < 3_600_000 ? { untilMs: at + 1000 } : "answers");
    const storm = await runStorm(lies, { concurrency: 3 });

    expect(storm.end.status).toBe("succeeded");
    // Three at first, one for each wait of 0 (the first is believed), 10, 20, 40, 80, 160 and then 300 s.
    expect(storm.refused).toBeLessThanOrEqual(3 + 7 + 3600 / 300);
  });

  test("never answers: every task ends in an error, and none is done", async () => {
    const storm = await runStorm(() => ({ untilMs: null }), { tasks: 2, idleMs: 60_000 });

    expect(storm.end).toEqual({ status: "failed", exitCode: 1 });
    const kinds = storm.rig.log.ofType("task.finished").map(({ error }) => error?.kind);
    expect(kinds).toEqual(["rate-limit", "rate-limit"]);
    expect(storm.requests).toBeLessThanOrEqual(2 * 101);
  });
});
