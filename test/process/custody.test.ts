import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import {
  groupName,
  groupOwner,
  isGroupOf,
  makeSubgroup,
  staleGroups,
} from "../../core/process/cgroup.ts";
import { probeCgroup } from "../../core/process/cgroup-probe.ts";
import { custody, leaveCustody, setPlace, takeCustody } from "../../core/process/custody.ts";
import { endOrphans } from "../../core/process/orphans.ts";
import { isAlive, marksOf, processIdentity } from "../../core/process/table.ts";
import { type ProcessRequest, type Running, startProcess } from "../../core/process.ts";
import { keepersOf } from "../support/keepers.ts";
import { onTestEnd, temporaryDirectory } from "../support/leftovers.ts";
import { root } from "../support/program.ts";
import { until } from "../support/repository.ts";

const env = { PATH: process.env.PATH ?? "/usr/bin:/bin" };
const self = [process.execPath, join(root, "cli/main.ts")] as const;
const probe = probeCgroup();
const modes = probe.usable ? ["cgroup", "shim"] : ["shim"];

afterEach(leaveCustody);

function shell(script: string, more: Partial<ProcessRequest> = {}): Running {
  return startProcess({ argv: ["sh", "-c", script], cwd: temporaryDirectory(), env, ...more });
}

async function codeOf(start: () => Running): Promise<string> {
  try {
    await start().ended;
    return "started";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

for (const mode of modes) {
  test(`a held program is what it would be without (${mode})`, async () => {
    takeCustody(self, mode);
    const lines: string[] = [];
    const onStdout = (line: string): void => void lines.push(line);

    const ends = await Promise.all([
      shell("exit 3").ended,
      shell("kill -9 $$").ended,
      shell("wc -c; pwd", { cwd: "/", stdin: "x".repeat(300_000), onStdout }).ended,
      codeOf(() => startProcess({ argv: ["no-such-program"], cwd: "/", env })),
      codeOf(() => startProcess({ argv: ["true"], cwd: "/no-such-directory", env })),
      codeOf(() => startProcess({ argv: ["true", "x".repeat(300_000)], cwd: "/", env })),
    ]);

    expect(custody()?.mode).toBe(mode as "cgroup");
    expect(ends).toEqual([
      { code: 3, signal: null },
      { code: null, signal: "SIGKILL" },
      { code: 0, signal: null },
      "PROGRAM_NOT_FOUND",
      "DIRECTORY_NOT_FOUND",
      "PROGRAM_ARGUMENTS_TOO_LONG",
    ]);
    expect(lines.map((line) => line.trim())).toEqual(["300000", "/"]);
  });

  test(`a daemon with a clean environment ends with its program, and not with another one (${mode})`, async () => {
    takeCustody(self, mode);
    const daemon = "(env -i setsid /bin/sleep 322 >/dev/null 2>&1 & echo $!)";
    const pids: number[] = [];
    const onStdout = (line: string): void => void pids.push(Number(line));
    const [one, other] = [shell(daemon, { onStdout }), shell(`${daemon}; read x`, { onStdout })];
    onTestEnd(async () => void (await other.end(0)));
    await one.ended;
    await until(() => pids.length === 2, "two daemons");
    const daemons = pids.map(processIdentity);

    const left = await one.end(1_000, "held");

    expect(left).toEqual([]);
    expect(daemons.filter(isAlive)).toHaveLength(1);
    await other.end(1_000, "held");
    expect(daemons.filter(isAlive)).toEqual([]);
  });
}

test("what a shim held that was killed is found by its mark", async () => {
  takeCustody(self, "shim");
  const pids: number[] = [];
  const onStdout = (line: string): void => void pids.push(Number(line));
  const running = shell("setsid sleep 323 >/dev/null 2>&1 & echo $!; exec sleep 324", {
    mark: "run/task/1",
    onStdout,
  });
  await until(() => pids.length === 1, "the child");
  const child = processIdentity(pids[0] as number);
  const [shim = 0] = keepersOf(process.pid, "__shim");

  process.kill(shim, "SIGKILL");
  const end = await running.ended;
  const left = await running.end(500, "held");

  expect([end, left]).toEqual([{ code: null, signal: "SIGKILL" }, []]);
  expect(isAlive(child)).toBe(false);
});

test("the mark names the registry, and the variable that programs read does not", async () => {
  setPlace("/one/registry");
  const running = shell('echo "$RA_ATTEMPT"; exec sleep 325', { mark: "abcd/task/1" });
  onTestEnd(async () => void (await running.end(0)));
  const { pid } = running.identity;
  // While a process becomes another program it has no environment.
  let marks: readonly string[] = [];
  await until(() => {
    marks = marksOf(pid);
    return marks.length === 2;
  }, "its environment");

  const [mark = ""] = marks.filter((one) => !one.startsWith("ra:"));
  setPlace("/other/registry");
  await endOrphans([], ["abcd/task/1"], 0);

  expect(mark).toMatch(/^[0-9a-f]{12}\/abcd\/task\/1$/);
  expect(isAlive(running.identity)).toBe(true);
});

test.skipIf(!probe.usable)(
  "what another dead ra left beside theirs is ended, and not told of",
  async () => {
    const below = probe.usable ? probe.directory : "";
    const [dead, other] = [
      { pid: 2 ** 22 + 7, startTicks: 1 },
      { pid: 2 ** 22 + 8, startTicks: 1 },
    ];
    const groups = [dead, other].map((owner) => join(below, groupName(owner)));
    const sleeps = groups.map((cgroup) => {
      mkdirSync(cgroup);
      return Bun.spawn(["sleep", "326"], { cgroup });
    });
    onTestEnd(() => {
      for (const sleep of sleeps) sleep.kill("SIGKILL");
    });

    const { found, survivors } = await endOrphans([{ ...dead, cgroup: groups[0] ?? "" }], [], 0);

    await Promise.all(sleeps.map(({ exited }) => exited));
    expect(found).toMatchObject([{ pid: sleeps[0]?.pid, name: "sleep" }]);
    expect([survivors, groups.filter((group) => existsSync(group))]).toEqual([[], []]);
  },
);

test.skipIf(!probe.usable)("a group that is not that of the dead is left alone", async () => {
  const below = probe.usable ? probe.directory : "";
  const dead = { pid: 2 ** 22 + 7, startTicks: 1 };
  const [own, foreign, other] = [groupName(dead), "ra-000000000000-77-1", "ra-of-somebody"];
  for (const name of [own, foreign, other]) mkdirSync(join(below, name));
  onTestEnd(() => {
    for (const name of [foreign, other]) rmdirSync(join(below, name));
  });
  makeSubgroup(join(below, own), "run/task.1");

  for (const name of [foreign, other, groupName(processIdentity(process.pid))])
    await endOrphans([{ ...dead, cgroup: join(below, name) }], [], 0);
  const before = staleGroups(below);
  await endOrphans([{ ...dead, cgroup: join(below, own) }], [], 0);

  expect(before).toContain(join(below, own));
  expect([own, foreign, other].map((name) => existsSync(join(below, name)))).toEqual([
    false,
    true,
    true,
  ]);
  expect(groupOwner(join(below, foreign))).toBeNull();
  expect(isGroupOf(join("/tmp", own), dead)).toBe(false);
});
