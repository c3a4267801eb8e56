import { expect, test } from "bun:test";
import { hostname } from "node:os";
import { standingOf } from "../../core/process/living.ts";
import { thisOwner } from "../../core/process/owner.ts";

const gone = { pid: 2 ** 22 + 1, startTicks: 1 };

test("an owner is judged by its machine, then its boot, then its process", () => {
  const own = thisOwner();
  const standings = [
    own,
    { ...own, startTicks: 1 },
    { ...own, ...gone },
    { ...own, boot: "another" },
    { ...own, host: "elsewhere", boot: "another" },
    { ...own, ...gone, host: "elsewhere" },
  ].map(standingOf);

  expect(standings).toEqual(["alive", "dead", "dead", "dead", "elsewhere", "elsewhere"]);
});

test("an owner that an earlier version recorded is judged by its process alone", () => {
  const { pid, startTicks } = thisOwner();

  expect([standingOf({ pid, startTicks }), standingOf(gone)]).toEqual(["alive", "dead"]);
});

test("this process names itself, its machine and its boot", () => {
  const own = thisOwner();

  expect([own.pid, own.host]).toEqual([process.pid, hostname()]);
  expect(own.boot).toMatch(/^[0-9a-f-]{36}$/);
});
