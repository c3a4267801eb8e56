import { expect, test } from "bun:test";
import { AuditTrail } from "../../cli/serve/audit-trail.ts";
import { CronDesk } from "../../cli/serve/cron.ts";
import { Intake } from "../../cli/serve/intake.ts";
import type { Schedule } from "../../cli/serve-config.ts";
import { type Clock, systemClock } from "../../core/clock.ts";
import { Queue } from "../../core/queue/queue.ts";
import { readAudit } from "../../core/registry/audit.ts";
import { Requests } from "../../core/registry/requests.ts";
import { noteProgress } from "../../core/registry/schedules.ts";
import { openRegistry, stateDirectory } from "../registry/temporary.ts";
import { nothing, settings } from "./daemon.ts";

const nightly: Schedule = {
  ...{ name: "nightly", plan: "nothing", params: {}, at: "30 2 * * *", timeZone: "Europe/Berlin" },
  lateMs: 5 * 60_000,
};
const minutely: Schedule = { ...nightly, name: "minutely", at: "* * * * *" };

/** A clock that the test sets; what waits is called when its time has come. */
class FakeClock implements Clock {
  readonly sleep = systemClock.sleep;
  #now: number;
  #waiting: { at: number; work: () => void }[] = [];

  constructor(start: string) {
    this.#now = Date.parse(start);
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, work: () => void): () => void {
    const one = { at: this.#now + ms, work };
    this.#waiting.push(one);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== one);
    };
  }

  /** Time passes, and everything happens at its time. */
  pass(until: string): void {
    const end = Date.parse(until);
    for (;;) {
      const [next] = this.#waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#waiting = this.#waiting.filter((one) => one !== next);
      this.#now = Math.max(this.#now, next.at);
      next.work();
    }
    this.#now = end;
  }

  /** The machine sleeps, or somebody sets the clock: what waits is late. */
  jump(to: string): void {
    const by = Date.parse(to) - this.#now;
    this.#now += by;
    if (by < 0) for (const one of this.#waiting) one.at += by;
  }

  /** A process that has ended waits for nothing. */
  forget(): void {
    this.#waiting = [];
  }
}

/** A desk on a registry that outlives it. `start` is another process, as after a kill. */
async function deskOf(schedules: readonly Schedule[], from: string) {
  const clock = new FakeClock(from);
  const registry = await openRegistry(stateDirectory());
  const { database } = registry;
  const store = new Requests(database, clock);
  const troubles: string[] = [];
  const onTrouble = (error: unknown): void => void troubles.push((error as Error).message);
  const audit = new AuditTrail(database, clock, onTrouble);
  const config = await settings();
  let desk: CronDesk | null = null;
  const start = (now: readonly Schedule[] = schedules, room = 64): void => {
    clock.forget();
    const queue = new Queue({
      ...{ store, clock, room, onTrouble, pacing: { mode: "concurrent", cap: 0 } },
      driving: {
        start: async () => {},
        standing: async () => ({ kind: "driven" }),
        stop: async () => {},
      },
    });
    const intake = new Intake(queue, config, new Map([["nothing", nothing]]));
    const operations = { dispatch: intake.accept.bind(intake) };
    desk = new CronDesk({ schedules: now, operations, database, audit, clock, onTrouble });
    desk.start();
  };
  /** Ends what waits, as runs do. */
  const finish = (): void => {
    for (const { id } of store.open())
      store.settle(id, { status: "fulfilled", exitCode: 0, reason: null });
  };
  start();
  return {
    ...{ clock, start, finish, troubles, database, audit },
    keys: () =>
      store
        .newest(1_000)
        .map(({ key }) => key)
        .reverse(),
    requests: () => store.newest(1_000),
    // As it goes over the line.
    view: () => JSON.parse(JSON.stringify(desk?.view())).schedules,
  };
}

test("runs once a day over both changes of the clocks, whenever it is looked at", async () => {
  for (const [from, until, slots] of [
    ["2026-03-28T01:00Z", "2026-03-30T01:00Z", ["28T01:30", "29T01:00", "30T00:30"]],
    ["2026-10-24T00:00Z", "2026-10-26T02:00Z", ["24T00:30", "25T00:30", "26T01:30"]],
  ] as const) {
    const desk = await deskOf([nightly], from);

    desk.clock.pass(until);

    const month = from.slice(0, 8);
    expect(desk.keys()).toEqual(slots.map((slot) => `nightly@${month}${slot}:00.000Z`));
    expect(desk.troubles).toEqual([]);
  }
});

test("a daemon that is started anew at the very slot, and again, runs it once", async () => {
  const desk = await deskOf([nightly], "2026-11-26T01:00Z");

  for (const second of ["29:59.999", "30:00.000", "30:00.001", "30:07.000", "34:59.000"]) {
    desk.clock.pass(`2026-11-26T01:${second}Z`);
    desk.start();
  }
  desk.clock.pass("2026-11-26T03:00Z");

  expect(desk.keys()).toEqual(["nightly@2026-11-26T01:30:00.000Z"]);
  expect(desk.troubles).toEqual([]);
});

for (const back of ["2026-11-26T01:32Z", "2026-11-26T03:00Z"]) {
  test(`a daemon that dies between the request and the note of it does not ask twice, and misses nothing: ${back}`, async () => {
    const desk = await deskOf([nightly], "2026-11-26T01:00Z");
    desk.clock.pass("2026-11-26T01:31Z");
    const spec = "30 2 * * * Europe/Berlin";
    const through = "2026-11-26T01:00:00.000Z";
    noteProgress(desk.database, { name: "nightly", spec, through, missed: null });

    desk.clock.jump(back);
    desk.start();
    desk.start();

    expect(desk.keys()).toHaveLength(1);
    expect(desk.troubles).toEqual([]);
  });
}

test("slots of a time without a daemon are told, and none of them is caught up on", async () => {
  const desk = await deskOf([nightly], "2026-11-21T01:00Z");
  desk.clock.pass("2026-11-21T02:00Z");
  desk.clock.forget();

  desk.clock.jump("2026-11-25T01:00Z");
  desk.start();
  desk.start();
  desk.clock.pass("2026-11-25T02:00Z");

  expect(desk.keys()).toEqual([
    "nightly@2026-11-21T01:30:00.000Z",
    "nightly@2026-11-25T01:30:00.000Z",
  ]);
  expect(desk.troubles).toEqual([
    "schedule `nightly`: 3 slots missed (2026-11-22T01:30:00.000Z to 2026-11-24T01:30:00.000Z): ra serve did not run then; not caught up on",
  ]);
  expect(desk.view()[0]).toMatchObject({
    next: ["26", "27", "28"].map((day) => `2026-11-${day}T01:30:00.000Z`),
    last: { source: "cron", sender: "nightly", status: "queued" },
    missed: { count: 3, more: false },
  });
});

test("a machine that sleeps for a night runs what comes each minute once when it wakes", async () => {
  const desk = await deskOf([minutely], "2026-11-26T00:00:30Z");

  desk.clock.jump("2026-11-26T12:00:20Z");
  desk.clock.pass("2026-11-26T12:00:59Z");

  expect(desk.keys()).toEqual(["minutely@2026-11-26T12:00:00.000Z"]);
  expect(desk.view()[0].missed).toMatchObject({
    ...{ count: 100, more: true },
    ...{ from: "2026-11-26T00:01:00.000Z", until: "2026-11-26T11:59:00.000Z" },
  });
});

test("a run may start as late as its schedule says", async () => {
  const desk = await deskOf([{ ...nightly, lateMs: 12 * 3_600_000 }], "2026-11-20T12:00Z");

  desk.clock.jump("2026-11-23T09:00Z");
  desk.start();

  expect(desk.keys()).toEqual(["nightly@2026-11-23T01:30:00.000Z"]);
  expect(desk.view()[0].missed).toMatchObject({ count: 2 });
});

test("a clock that is set back brings no slot twice, and none is left out when it had been wrong", async () => {
  const desk = await deskOf([nightly], "2026-11-26T01:00Z");
  desk.clock.pass("2026-11-26T01:31Z");

  desk.clock.jump("2026-11-26T01:10Z");
  desk.clock.pass("2026-11-26T03:00Z");
  desk.clock.jump("2036-11-26T03:00Z");
  desk.clock.pass("2036-11-26T03:01Z");
  desk.clock.jump("2026-11-26T04:00Z");
  desk.clock.pass("2026-11-27T04:00Z");

  expect(desk.keys()).toEqual([
    "nightly@2026-11-26T01:30:00.000Z",
    "nightly@2026-11-27T01:30:00.000Z",
  ]);
});

test("a schedule that is new or has changed is not told of the past", async () => {
  const desk = await deskOf([nightly], "2026-11-26T00:00Z");

  desk.clock.pass("2026-11-26T00:59Z");
  desk.start([{ ...nightly, at: "0 * * * *" }, minutely]);
  const before = desk.keys();
  desk.clock.pass("2026-11-26T01:00Z");

  expect(before).toEqual([]);
  expect(desk.keys()).toEqual([
    "nightly@2026-11-26T01:00:00.000Z",
    "minutely@2026-11-26T01:00:00.000Z",
  ]);
  expect(desk.troubles).toEqual([]);
});

test("a slot waits for room, and is told when none comes in time", async () => {
  const desk = await deskOf([minutely], "2026-11-26T00:00:30Z");
  const few = { ...minutely, lateMs: 30_000 };
  desk.start([few]);

  desk.clock.pass("2026-11-26T00:04:59Z");
  const full = desk.keys().length;
  desk.clock.pass("2026-11-26T00:05:10Z");
  const waits = desk.view()[0].waits;
  desk.finish();
  desk.clock.pass("2026-11-26T00:05:20Z");
  const late = desk.keys().at(-1);
  desk.clock.pass("2026-11-26T00:09:59Z");

  expect([full, waits, late]).toEqual([
    4,
    "there is no room in the queue",
    "minutely@2026-11-26T00:05:00.000Z",
  ]);
  expect(desk.keys()).toHaveLength(8);
  expect(desk.troubles).toEqual([
    "schedule `minutely`: 1 slot missed (2026-11-26T00:09:00.000Z): there is no room in the queue; not caught up on",
  ]);
});

test("a queue that is full for all lets a slot wait, too", async () => {
  const desk = await deskOf([nightly], "2026-11-26T01:00Z");
  desk.start([nightly], 0);
  desk.clock.pass("2026-11-26T01:32Z");
  const [before] = desk.view();

  desk.start();

  expect(before).toMatchObject({ last: null, waits: "there is no room in the queue" });
  expect(desk.keys()).toHaveLength(1);
});

test("each request of a schedule is noted, and one conversation", async () => {
  const desk = await deskOf([nightly], "2026-11-26T01:00Z");

  desk.clock.pass("2026-11-27T02:00Z");
  desk.audit.flush();

  const found = desk.requests();
  expect(new Set(found.map(({ conversation }) => conversation))).toEqual(new Set(["cron:nightly"]));
  const rows = readAudit(desk.database, 10).filter(({ source }) => source === "cron");
  expect(rows.map(({ peer, status, request }) => [peer, status, request]).sort()).toEqual(
    found.map(({ id }) => ["nightly", 202, id]).sort(),
  );
});
