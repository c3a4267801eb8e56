import { describe, expect, test } from "bun:test";
import { Timetable } from "../../core/queue/timetable.ts";

const hourMs = 3_600_000;

/** The instants between two others, in UTC. */
function instants(at: string, timeZone: string, from: string, until: string): string[] {
  const timetable = new Timetable({ at, timeZone });
  const slots = timetable.some(Date.parse(from), 1_000);
  return slots.filter((slot) => slot <= Date.parse(until)).map((slot) => new Date(slot).toJSON());
}

describe("in Berlin", () => {
  test("a time that the change to summer leaves out comes when the clocks have moved", () => {
    const slots = instants("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00Z", "2026-03-30T12:00Z");

    expect(slots).toEqual([
      "2026-03-28T01:30:00.000Z",
      "2026-03-29T01:00:00.000Z",
      "2026-03-30T00:30:00.000Z",
    ]);
  });

  test("a time that comes twice at the change to winter counts once", () => {
    const slots = instants("30 2 * * *", "Europe/Berlin", "2026-10-24T00:00Z", "2026-10-26T12:00Z");

    expect(slots).toEqual([
      "2026-10-24T00:30:00.000Z",
      "2026-10-25T00:30:00.000Z",
      "2026-10-26T01:30:00.000Z",
    ]);
  });

  test("what comes each half an hour does so on both days, with equal distances", () => {
    for (const day of ["2026-03-29", "2026-10-25"]) {
      const [start, end] = [`${day}T00:00Z`, `${day}T02:00Z`];

      const slots = instants("*/30 * * * *", "Europe/Berlin", start, end);

      expect(slots.map((slot) => slot.slice(11, 16))).toEqual(["00:30", "01:00", "01:30", "02:00"]);
    }
  });
});

/** Changes of the clocks of ten zones, both ways. */
const changes = [
  ["Europe/Berlin", "2026-03-29T01:00Z", "2026-10-25T01:00Z"],
  ["Europe/London", "2026-03-29T01:00Z", "2026-10-25T01:00Z"],
  ["America/New_York", "2026-03-08T07:00Z", "2026-11-01T06:00Z"],
  ["America/Los_Angeles", "2026-03-08T10:00Z", "2026-11-01T09:00Z"],
  ["America/St_Johns", "2026-03-08T05:30Z", "2026-11-01T04:30Z"],
  ["America/Sao_Paulo", "2018-11-04T03:00Z", "2019-02-17T02:00Z"],
  ["Australia/Sydney", "2026-10-03T16:00Z", "2026-04-04T16:00Z"],
  ["Australia/Lord_Howe", "2026-10-03T15:30Z", "2026-04-04T15:00Z"],
  ["Asia/Tehran", "2022-03-21T20:30Z", "2022-09-21T19:30Z"],
  ["Pacific/Auckland", "2026-09-26T14:00Z", "2026-04-04T14:00Z"],
] as const;

for (const [timeZone, ...moments] of changes) {
  test(`instants do not depend on when they are asked for: ${timeZone}`, () => {
    const wrong: string[] = [];
    for (const moment of moments.map(Date.parse)) {
      for (const at of ["30 2 * * *", "45 1 * * *", "0 */2 * * *"]) {
        const timetable = new Timetable({ at, timeZone });
        const slots = timetable.some(moment - 60 * hourMs, 80);
        for (let now = moment - 26 * hourMs; now < moment + 26 * hourMs; now += 2_700_001) {
          const next = slots.find((slot) => slot > now);
          const newest = slots.findLast((slot) => slot <= now) ?? null;
          if (timetable.next(now) !== next) wrong.push(`next of ${at} at ${now}`);
          if (timetable.newest(now) !== newest) wrong.push(`newest of ${at} at ${now}`);
        }
      }
    }

    expect(wrong).toEqual([]);
  });

  test(`what comes once a day comes once on the day of a change: ${timeZone}`, () => {
    const days = new Intl.DateTimeFormat("sv", { timeZone });
    for (const moment of moments.map(Date.parse)) {
      for (const at of ["30 2 * * *", "0 0 * * *", "59 1 * * *", "15 1 * * *", "0 3 * * *"]) {
        const slots = new Timetable({ at, timeZone }).some(moment - 72 * hourMs, 6);

        const found = slots.map((slot) => days.format(slot));

        expect([at, new Set(found).size]).toEqual([at, 6]);
      }
    }
  });
}

for (const [at, timeZone, said] of [
  ["30 2 * *", null, "be five fields"],
  ["0 30 2 * * *", null, "be five fields"],
  ["2026-12-01T00:00:00", null, "be five fields"],
  ["61 * * * *", null, "Invalid value for minute: 61"],
  ["@sometimes", null, "be five fields"],
  ["", null, "be five fields"],
  ["0 0 * * *", "Mars/Olympus", "be a time zone"],
] as const) {
  test(`is no schedule: ${at} in ${timeZone}`, () => {
    expect(() => new Timetable({ at, timeZone })).toThrow(said);
  });
}

test("a day that never comes has no instants", () => {
  const never = new Timetable({ at: "0 0 30 2 *", timeZone: "Europe/Berlin" });

  expect([never.next(0), never.newest(Date.parse("2026-11-26T00:00Z"))]).toEqual([null, null]);
});
