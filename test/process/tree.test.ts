import { expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import type { ProcessIdentity } from "../../core/id.ts";
import { fullMark } from "../../core/process/custody.ts";
import {
  isAlive,
  listProcesses,
  marksOf,
  parseStat,
  processIdentity,
  readProcess,
} from "../../core/process/table.ts";
import { sweep } from "../../core/process/tree.ts";
import { type ProcessRequest, type Running, startProcess } from "../../core/process.ts";
import { onTestEnd, temporaryDirectory } from "../support/leftovers.ts";

const env = { PATH: process.env.PATH ?? "/usr/bin:/bin" };

interface Started {
  readonly running: Running;
  readonly mark: string;
  /** The identities of the pids the script printed, one a line, before `ready`. */
  readonly printed: readonly ProcessIdentity[];
}

async function start(script: string, more: Partial<ProcessRequest> = {}): Promise<Started> {
  const mark = randomUUID();
  const printed: ProcessIdentity[] = [];
  const ready = Promise.withResolvers<void>();
  const running = startProcess({
    argv: ["sh", "-c", script],
    cwd: temporaryDirectory(),
    env,
    mark,
    onStdout(line) {
      if (line === "ready") ready.resolve();
      else printed.push(processIdentity(Number(line)));
    },
    ...more,
  });
  onTestEnd(async () => {
    await running.end(0);
    for (const { pid } of printed.filter(isAlive)) process.kill(pid, "SIGKILL");
  });
  await ready.promise;
  return { running, mark, printed };
}

/** Waits until a process has become the program it was to be. */
async function untilNamed(pid: number, name: string): Promise<void> {
  while (readProcess(pid)?.name !== name) await new Promise(setImmediate);
}

function carrying(mark: string): number {
  return (listProcesses() ?? []).filter((row) => marksOf(row.pid).includes(fullMark(mark))).length;
}

const trees = {
  "a child in the group": "sleep 301 & echo $!; echo ready; wait",
  "a session of its own": "setsid sleep 302 & echo $!; echo ready; wait",
  "a double fork":
    "(setsid sh -c 'sleep 303 & echo $!; wait' &) ; sleep 0.1; echo ready; sleep 304",
  nohup: "nohup sleep 305 >/dev/null 2>&1 & echo $!; echo ready; wait",
  "programs that ignore the first signal":
    "trap '' TERM INT HUP; setsid sh -c 'trap \"\" TERM; sleep 306; sleep 307' & echo $!; echo ready; sleep 308; sleep 309",
  "a stopped child": "sleep 310 & kill -STOP $!; echo $!; echo ready; wait",
} as const;

for (const [name, script] of Object.entries(trees)) {
  test(`ends the whole tree: ${name}`, async () => {
    const { running, mark, printed } = await start(script);
    expect(printed.filter(isAlive)).toHaveLength(1);

    const survivors = await running.end(200);

    expect(survivors).toEqual([]);
    expect(printed.filter(isAlive)).toEqual([]);
    expect(carrying(mark)).toBe(0);
    expect((await running.ended).signal).not.toBeNull();
  });
}

test("leaves time to end in order, and takes no more than is needed", async () => {
  const cwd = temporaryDirectory();
  const { running } = await start(
    "trap 'touch clean; exit 0' TERM; echo ready; while :; do sleep 0.02; done",
    { cwd },
  );

  const began = performance.now();
  await running.end(30_000);

  expect(existsSync(`${cwd}/clean`)).toBe(true);
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(await running.ended).toEqual({ code: 0, signal: null });
});

test("ends what a successful program left behind", async () => {
  const { running, mark, printed } = await start(
    "setsid sleep 311 >/dev/null 2>&1 & echo $!; nohup sleep 312 >/dev/null 2>&1 & echo $!; echo ready",
  );
  await running.ended;
  expect(printed.filter(isAlive)).toHaveLength(2);

  const survivors = await running.end(1_000);

  expect(survivors).toEqual([]);
  expect(carrying(mark)).toBe(0);
});

test("reaches the group alone when asked to", async () => {
  const { running, printed } = await start(
    "setsid sleep 313 >/dev/null 2>&1 & echo $!; sleep 314 >/dev/null 2>&1 & echo $!; echo ready",
  );
  await running.ended;
  // Until then it is a member of the group itself.
  await untilNamed(printed[0]?.pid as number, "sleep");

  await running.end(1_000, "held");

  expect(printed.map(isAlive)).toEqual([true, false]);
});

test("names a process that threw its mark away, and does not signal it", async () => {
  const cwd = temporaryDirectory();
  const { running, printed } = await start(
    "env -i setsid /bin/sleep 315 >/dev/null 2>&1 & echo $!; echo ready",
    { cwd, territory: cwd },
  );
  await running.ended;
  await untilNamed(printed[0]?.pid as number, "sleep");

  const survivors = await running.end(100);

  expect(survivors).toEqual([{ pid: printed[0]?.pid as number, name: "sleep" }]);
  expect(printed.map(isAlive)).toEqual([true]);
});

test("names a child without a mark that was seen below the program", async () => {
  const { running, printed } = await start(
    "cd /; env -i setsid /bin/sleep 316 >/dev/null 2>&1 & echo $!; echo ready; wait",
  );
  await untilNamed(printed[0]?.pid as number, "sleep");

  const survivors = await running.end(100);

  expect(survivors).toEqual([{ pid: printed[0]?.pid as number, name: "sleep" }]);
});

test("does not touch a process whose mark only begins alike", async () => {
  const other = await start("echo $$; echo ready; exec sleep 317");

  await sweep(fullMark(other.mark.slice(0, -1)), 0);
  await sweep(other.mark, 0);
  await sweep("", 0);

  expect(other.printed.map(isAlive)).toEqual([true]);
});

test("survives a flood of forks", async () => {
  const { running, mark } = await start(
    "f() { i=0; while [ $i -lt 500 ]; do i=$((i+1)); sh -c 'sleep 18' & sleep 0.005; done; wait; }; trap '' TERM; echo ready; f",
  );

  const survivors = await running.end(100);

  expect(survivors).toEqual([]);
  expect(carrying(mark)).toBe(0);
});

test("sweeps by mark what an earlier `ra` left", async () => {
  const { running, mark, printed } = await start("setsid sleep 319 & echo $!; echo ready; wait");

  await sweep(fullMark(mark), 500);

  expect(printed.filter(isAlive)).toEqual([]);
  await running.ended;
});

test("counts neither a zombie nor a later process with the same pid as alive", async () => {
  const { printed } = await start("sh -c 'exit 0' & echo $!; echo ready; exec sleep 321");
  const own = processIdentity(process.pid);

  expect(isAlive(own)).toBe(true);
  expect(isAlive({ pid: own.pid, startTicks: (own.startTicks ?? 0) + 1 })).toBe(false);
  while (printed[0] && isAlive(printed[0])) await Bun.sleep(5);
  expect(printed.map(isAlive)).toEqual([false]);
  expect(isAlive({ pid: 0, startTicks: null })).toBe(false);
});

test("reads a process's line although its name holds brackets and spaces", () => {
  const row = parseStat("42 (a) b) (c) S 1 40 39 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 777 0 0");

  expect(row).toEqual({
    pid: 42,
    name: "a) b) (c",
    state: "S",
    parent: 1,
    group: 40,
    session: 39,
    startTicks: 777,
  });
});
