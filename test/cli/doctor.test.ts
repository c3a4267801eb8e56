import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../cli/config.ts";
import { agentDiagnoses, agentDiagnosis } from "../../cli/doctor/agents.ts";
import { channelDiagnoses } from "../../cli/doctor/channels.ts";
import {
  clockDiagnoses,
  diskDiagnoses,
  environmentDiagnoses,
  pathDiagnoses,
  processDiagnoses,
} from "../../cli/doctor/machine.ts";
import { abandoned, leftoverDiagnoses } from "../../cli/doctor/runs.ts";
import { doctorView } from "../../cli/view/doctor.ts";
import { lowWaterDefault } from "../../core/disk-space.ts";
import type { RunSummary } from "../../core/registry/query.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

const places = [
  { name: "the registry", path: "/a" },
  { name: "workspaces", path: "/b" },
];

describe("a disk", () => {
  test("is a problem below the low-water mark, and only there", () => {
    const at = (free: number) =>
      diskDiagnoses(places, lowWaterDefault, () => ({ disk: 1, free }))[0]?.severity;

    expect([at(lowWaterDefault), at(lowWaterDefault - 1), at(0)]).toEqual([
      "ok",
      "problem",
      "problem",
    ]);
  });

  test("is told of once for all that lies on it, and apart from others", () => {
    const one = diskDiagnoses(places, lowWaterDefault, () => ({ disk: 1, free: 2 ** 40 }));
    let disk = 0;
    const two = diskDiagnoses(places, lowWaterDefault, () => ({ disk: disk++, free: 2 ** 40 }));

    expect(one.map(({ found }) => found)).toEqual(["1.0 TB free for the registry and workspaces"]);
    expect(two).toHaveLength(2);
  });
});

describe("another `ra`", () => {
  const self = "/opt/ra/ra";
  const at = (files: Readonly<Record<string, string>>, path: string) =>
    pathDiagnoses(path, self, (file) => files[file] ?? null);

  test("that comes first is a problem, with the way to put this one before it", () => {
    const [found] = at({ "/usr/bin/ra": "/usr/bin/ra", "/opt/ra/ra": self }, "/usr/bin:/opt/ra");

    expect(found).toMatchObject({ severity: "problem", fix: 'export PATH="/opt/ra:$PATH"' });
    expect(found?.found).toContain("/usr/bin/ra");
  });

  test("that comes later is a note, and a link to this one is this one", () => {
    const later = at({ "/usr/bin/ra": "/usr/bin/ra", "/opt/ra/ra": self }, "/opt/ra:/usr/bin");
    const link = at({ "/home/bin/ra": self }, "/home/bin:/usr/bin");

    expect([later[0]?.severity, link[0]?.severity]).toEqual(["note", "ok"]);
  });

  test("is looked for when this one is not there, and not at all without a binary", () => {
    expect(at({}, "/usr/bin")[0]).toMatchObject({ severity: "note", found: "no `ra` is on PATH" });
    expect(pathDiagnoses("/usr/bin", null, () => "/usr/bin/ra")).toEqual([]);
  });

  test("counts only when it is a file that can be executed", () => {
    const top = temporaryDirectory();
    for (const name of ["plain", "directory", "program"]) mkdirSync(join(top, name));
    writeFileSync(join(top, "plain", "ra"), "");
    mkdirSync(join(top, "directory", "ra"));
    writeFileSync(join(top, "program", "ra"), "#!/bin/sh\n");
    chmodSync(join(top, "program", "ra"), 0o755);
    const path = ["plain", "directory", "program"].map((name) => join(top, name)).join(":");

    const [found] = pathDiagnoses(path, "/opt/ra/ra");

    expect(found?.found).toContain(join(top, "program", "ra"));
  });
});

test("variables that change the runtime are told of; code that they load is a problem", () => {
  const severities = [
    {},
    { BUN_OPTIONS: "" },
    { BUN_OPTIONS: "--smol" },
    { BUN_OPTIONS: "--smol --preload=./x.ts" },
    { BUN_OPTIONS: "-r x" },
    { BUN_BE_BUN: "0" },
  ].map((env) => environmentDiagnoses(env).map(({ severity }) => severity));

  expect(severities).toEqual([["ok"], ["ok"], ["note"], ["problem"], ["problem"], ["note"]]);
});

test("a clock before the program or before the newest run is a problem", () => {
  const hour = 3_600_000;
  const now = Date.UTC(2026, 10, 21, 10);

  const severities = [
    clockDiagnoses(now, null, null),
    clockDiagnoses(now, now - hour, now - hour),
    clockDiagnoses(now, now + hour, null),
    clockDiagnoses(now, null, now + hour),
    clockDiagnoses(now, now + 1_000, now + 1_000),
  ].map(([found]) => found?.severity);

  expect(severities).toEqual(["ok", "ok", "problem", "problem", "ok"]);
});

test("a machine without /proc or cgroups is told what is used instead", () => {
  const found = processDiagnoses(false, { usable: false, reason: "there is no cgroup v2 here" });

  expect(found.map(({ severity }) => severity)).toEqual(["note", "note"]);
  expect(found[1]?.found).toContain("held by a shim each");
  expect(processDiagnoses(true, { usable: true, directory: "/g" }).every(isWell)).toBe(true);
});

describe("an agent", () => {
  const unfit = { ok: false, message: "`kilo` was not found", fix: "npm install kilo" } as const;

  test("that the config names must be usable; one that is only installed need not", () => {
    const named = agentDiagnosis("kilo", true, unfit);
    const installed = agentDiagnosis("kilo", false, unfit);

    expect(named[0]).toMatchObject({ severity: "problem", fix: "npm install kilo" });
    expect(installed[0]).toMatchObject({ severity: "note", fix: "npm install kilo" });
    expect(agentDiagnosis("claude", true, null)[0]?.severity).toBe("problem");
    expect(agentDiagnosis("claude", false, null)).toEqual([]);
    expect(agentDiagnosis("kilo", true, { ok: true, version: "7.7" })[0]?.found).toContain("7.7");
  });

  test("that is on PATH is asked for its version", async () => {
    const top = temporaryDirectory();
    const kilo = join(top, "kilo");
    writeFileSync(kilo, "#!/bin/sh\necho 1.2.3\n");
    chmodSync(kilo, 0o755);
    const config = await loadConfig({ root: top, env: { HOME: top }, runners: [] });

    const found = await agentDiagnoses(config, { PATH: `${top}:/usr/bin:/bin`, HOME: top }, top);

    expect(found.find(({ check }) => check === "runner kilo")?.found).toContain("1.2.3");
  });

  test("is named to be installed where there is none", async () => {
    const top = temporaryDirectory();
    const config = await loadConfig({ root: top, env: { HOME: top }, runners: [] });

    const [found] = await agentDiagnoses(config, { PATH: top, HOME: top }, top);

    expect(found).toMatchObject({ severity: "note", fix: expect.stringContaining("install") });
  });
});

test("a run whose `ra` is gone is named with the command that goes on", () => {
  const run: RunSummary = {
    ...{ id: "r7k2", name: "cart", status: "running", driven: false, startedAt: "", tasks: {} },
    ...{ finishedAt: null, exitCode: null, planPath: null, target: "main" },
  };

  expect(abandoned([run, { ...run, id: "ok", driven: true }])).toMatchObject([
    { severity: "problem", fix: "ra resume r7k2" },
  ]);
  expect(abandoned([]).map(({ severity }) => severity)).toEqual(["ok"]);
});

test("events that a receiver refused for good are told for a week, and a receiver that is gone while events wait", () => {
  const now = Date.parse("2026-11-26T12:00:00Z");
  const event = { channel: "webhook", type: "run.started", status: 422, end: "aside" } as const;
  const refused = [
    { ...event, seq: 90, at: "2026-11-26T11:00:00Z", status: 410, end: "gone" },
    { ...event, seq: 57, at: "2026-11-26T10:00:00Z" },
    { ...event, seq: 12, at: "2026-11-21T10:00:00Z" },
    { ...event, seq: 11, at: "2026-11-01T10:00:00Z" },
  ] as const;
  const told = (cursor: number, days = 0) =>
    channelDiagnoses([{ channel: "webhook", cursor, refused }], now + days * 86_400_000);

  expect(told(89).map(({ severity, found }) => `${severity} ${found}`)).toEqual([
    "note its receiver says that it is gone (410), and events wait from 90 on",
    "note 2 events were refused and put aside in the last week, the newest 57 (run.started, 422)",
  ]);
  expect(told(90)).toHaveLength(1);
  expect(told(90, 8).map(({ severity }) => severity)).toEqual(["ok"]);
  expect(channelDiagnoses([], now)).toEqual([]);
});

test("workspaces that were set aside are counted and weighed", () => {
  const one = {
    kind: "leftover",
    run: "r",
    task: "a",
    path: "/l/r.a",
    bytes: 2048,
    open: true,
  } as const;

  expect(leftoverDiagnoses([])).toEqual([]);
  expect(leftoverDiagnoses([one, one])[0]).toMatchObject({
    severity: "note",
    found: "2 workspaces set aside, 4.0 KB (`/l/r.a` and more)",
    fix: "ra clean",
  });
});

test("the view puts each fix below what it mends, and counts", () => {
  const text = doctorView([
    { check: "git", severity: "ok", found: "2.50", fix: null },
    { check: "identity", severity: "problem", found: "nobody\u001b[31m", fix: "git config" },
  ]);

  expect(text).toBe(
    [
      "ok       git       2.50",
      "problem  identity  nobody",
      "                   fix: git config",
      "",
      "1 problem, 0 notes",
      "",
    ].join("\n"),
  );
});

function isWell({ severity }: { readonly severity: string }): boolean {
  return severity === "ok";
}
