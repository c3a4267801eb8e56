import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CheckRequest, verify } from "../../core/dispatch/verify.ts";
import { isAlive } from "../../core/process/table.ts";
import type { Repository } from "../../core/workspace/workspace.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

/** Runs a check on a tree of one file, `a.txt`, and tells how many checkouts it took and what is left of them. */
async function check(command: string, change: Partial<CheckRequest> = {}) {
  const top = temporaryDirectory();
  const scratches: string[] = [];
  const openScratch: Repository["openScratch"] = async () => {
    const path = join(top, `scratch-${scratches.length}`);
    scratches.push(path);
    mkdirSync(path);
    writeFileSync(join(path, "a.txt"), "a\n");
    return { path, close: async () => rmSync(path, { recursive: true }) };
  };
  const verdict = await verify({
    repository: { openScratch } as Repository,
    run: "r1",
    task: "a",
    command,
    commit: "c1",
    timeoutMs: 20_000,
    tries: 1,
    environment: { PATH: process.env.PATH ?? "", TOP: top },
    logPath: (tries) => join(top, `${tries}.log`),
    recording: { bytesMax: 1024 * 1024, redactor: null },
    signal: new AbortController().signal,
    ...change,
  });
  const logs = [1, 2, 3].map((tries) => {
    const path = join(top, `${tries}.log`);
    return existsSync(path) ? readFileSync(path, "utf8") : null;
  });
  return { verdict, logs, scratches, left: scratches.filter((path) => existsSync(path)), top };
}

/** Fails until it has run so many times. */
const passesAt = (times: number): string =>
  `echo x >> $TOP/runs; echo try $(wc -l < $TOP/runs); test $(wc -l < $TOP/runs) -ge ${times}`;

describe("a check", () => {
  test("that passes says nothing", async () => {
    const { verdict, left } = await check("test -e a.txt");

    expect(verdict).toEqual({ complaint: null, notes: [] });
    expect(left).toEqual([]);
  });

  test("that fails is told with the end of its output", async () => {
    const { verdict, left } = await check("seq 1000; echo broken; exit 3");

    expect(verdict.complaint).toStartWith("`seq 1000; echo broken; exit 3` exited 3:\n");
    expect(verdict.complaint).toEndWith("999\n1000\nbroken");
    expect(verdict.complaint?.length).toBeLessThan(700);
    expect(left).toEqual([]);
  });

  test("that passes after a failure is accepted, and named as flaky", async () => {
    const { verdict, logs, scratches, left } = await check(passesAt(2), { tries: 3 });

    expect(verdict).toEqual({
      complaint: null,
      notes: [`flaky check: \`${passesAt(2)}\` passed at try 2; before, it exited 1`],
    });
    expect(logs).toEqual(["try 1\n", "try 2\n", null]);
    expect([scratches.length, left.length]).toEqual([2, 0]);
  });

  test("that fails as often as it may has failed, with the last output", async () => {
    const { verdict, logs } = await check(passesAt(9), { tries: 3 });

    expect(verdict.complaint).toBe(`3 tries failed; the last: \`${passesAt(9)}\` exited 1:\ntry 3`);
    expect(logs).toEqual(["try 1\n", "try 2\n", "try 3\n"]);
  });

  test("finds the tree as it was at each try, whatever the one before did to it", async () => {
    const { verdict } = await check("test -e a.txt && rm a.txt && touch junk && false", {
      tries: 2,
    });
    const { verdict: second } = await check(
      `test ! -e junk || exit 9; touch junk; rm a.txt; exit 1`,
      {
        tries: 2,
      },
    );

    expect(verdict.complaint).toContain("exited 1");
    expect(second.complaint).toContain("exited 1");
  });

  test("that hangs is a failed try, and its whole tree is ended", async () => {
    const hangs =
      "trap '' TERM; echo x >> $TOP/runs; test $(wc -l < $TOP/runs) -ge 2 && exit; " +
      "setsid sh -c 'echo $$ > $TOP/pid; exec sleep 600' & sleep 600 & wait";

    const { verdict, top } = await check(hangs, { tries: 2, timeoutMs: 1_000 });

    expect(verdict.complaint).toBeNull();
    expect(verdict.notes[0]).toEndWith("passed at try 2; before, it had no end within 1 s");
    const pid = readFileSync(join(top, "pid"), "utf8").trim();
    expect(isAlive({ pid: Number(pid), startTicks: null })).toBe(false);
  });

  test("is not tried again once the run ends", async () => {
    const ending = new AbortController();

    const running = check("touch $TOP/runs; sleep 600", { tries: 5, signal: ending.signal });
    const timer = setTimeout(() => ending.abort(), 300);
    const { verdict, scratches } = await running;
    clearTimeout(timer);

    expect(verdict.complaint).toContain("was ended by SIGTERM");
    expect(scratches).toHaveLength(1);
  });

  test("is not begun when the run has ended", async () => {
    const { verdict, scratches } = await check("true", { signal: AbortSignal.abort() });

    expect(verdict.complaint).toBe("`true` was not run, since the run ends");
    expect(scratches).toEqual([]);
  });
});
