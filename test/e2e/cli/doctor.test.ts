import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Diagnosis } from "../../../core/diagnosis.ts";
import { raBinary } from "../../support/binary.ts";
import { type TestRepository, testRepository, until } from "../../support/repository.ts";
import { writeUserConfig } from "../../support/user-config.ts";
import { digest } from "../../workspace/fixture.ts";

interface Said {
  readonly code: number | null;
  readonly ok: boolean;
  readonly exitCode: number;
  readonly findings: readonly Diagnosis[];
}

async function doctor(repository: TestRepository, ...args: string[]): Promise<Said> {
  const { code, stdout, stderr } = await repository.ra("doctor", "--json", ...args);
  if (stdout === "") throw new Error(stderr);
  return { code, ...JSON.parse(stdout) };
}

function problems({ findings }: Said): string[] {
  return findings.filter(({ severity }) => severity === "problem").map(({ check }) => check);
}

/** A program of this name that only says its version, before everything else on `PATH`. */
function program(repository: TestRepository, name: string, line = "echo 9.9.9"): void {
  const dir = join(repository.top, "programs");
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, name), `#!/bin/sh\n${line}\n`);
  chmodSync(join(dir, name), 0o755);
  repository.env.PATH = `${dir}:${repository.env.PATH}`;
}

test("ra doctor finds nothing wrong in a fresh repository, and leaves no files", async () => {
  const repository = testRepository();
  const before = digest(repository.dir);

  const said = await doctor(repository);
  const text = await repository.ra("doctor");

  expect([said.code, said.ok, said.exitCode, problems(said)]).toEqual([0, true, 0, []]);
  expect([text.code, text.stderr]).toEqual([0, ""]);
  expect(text.stdout).toMatch(/^ok +git +\d/);
  expect(text.stdout).toMatch(/\n0 problems, \d+ notes?\n$/);
  expect(digest(repository.dir)).toBe(before);
  expect(readdirSync(join(repository.top, "home"))).toEqual([]);
});

test("ra doctor works outside a repository", async () => {
  const repository = testRepository(null);

  const said = await doctor(repository);

  expect(said.code).toBe(0);
  expect(said.findings.find(({ check }) => check === "repository")?.fix).toBe("git init");
  expect(readdirSync(repository.dir)).toEqual([]);
});

test("ra doctor ends with 6 for surroundings, with 4 for an agent alone, each with its fix", async () => {
  const repository = testRepository();
  writeUserConfig(join(repository.top, "config"), "runner: kilo\n");
  program(repository, "kilo", "exit 1");

  const agent = await doctor(repository);
  program(repository, "ra");
  const both = await doctor(repository);

  expect([agent.code, agent.exitCode, problems(agent)]).toEqual([4, 4, ["runner kilo"]]);
  expect([both.code, problems(both)]).toEqual([6, ["ra on PATH", "runner kilo"]]);
  const fixes = both.findings.filter(({ severity }) => severity === "problem");
  expect(fixes.every(({ fix }) => fix !== null && fix !== "")).toBe(true);
});

test("ra doctor wants as much room as the config of a run asks for", async () => {
  const repository = testRepository();
  const home = join(repository.top, "config");
  const diskOf = async (free: string) => {
    writeUserConfig(home, `disk: { free: ${free} }\n`);
    return (await doctor(repository)).findings.find(({ check }) => check === "disk");
  };

  const [much, none] = [await diskOf("1000GB"), await diskOf("0B")];

  expect(much).toMatchObject({
    severity: "problem",
    found: expect.stringMatching(/less than 1000 GB$/),
  });
  expect(none?.severity).toBe("ok");
});

test("ra doctor names a run that was broken off, and what was set aside", async () => {
  const repository = testRepository();
  const plan = repository.plan([{ id: "one", run: `${repository.hold("one")}; echo 1 > a.txt` }]);
  const dispatch = await repository.start("dispatch", plan, "--json");
  await repository.arrival("one");
  const run = JSON.parse((await repository.ra("ps", "--json")).stdout).runs[0].id;
  const [root = ""] = readdirSync(join(repository.top, "workspaces"));
  const aside = join(repository.top, "workspaces", root, "leftovers", `${run}.one.stamp.abcd`);
  mkdirSync(aside, { recursive: true });

  const before = await doctor(repository);
  dispatch.signal("SIGKILL");
  await dispatch.ended;
  const after = await doctor(repository);
  repository.open("one");
  await until(() => repository.living().length === 0, "the task to end");

  expect(problems(before)).toEqual([]);
  expect(before.findings.find(({ check }) => check === "leftovers")).toMatchObject({
    severity: "note",
    found: expect.stringContaining(aside),
    fix: "ra clean",
  });
  expect([after.code, problems(after)]).toEqual([6, ["runs"]]);
  expect(after.findings.find(({ check }) => check === "runs")?.fix).toBe(`ra resume ${run}`);
});

test("ra doctor tells of a registry that is none and of a config that is not valid", async () => {
  const repository = testRepository();
  mkdirSync(join(repository.dir, ".git/ra"));
  writeFileSync(join(repository.dir, ".git/ra/registry.db"), "no database\n".repeat(200));
  repository.write({ "ra.config.yaml": "runner: nobody\n" });

  const said = await doctor(repository);

  expect([said.code, problems(said)]).toEqual([6, ["config", "registry"]]);
});

test("ra doctor --selftest runs the demo with the real engine and leaves nothing", async () => {
  const repository = testRepository(null);
  repository.env.TMPDIR = join(repository.top, "tmp");
  mkdirSync(repository.env.TMPDIR);

  const said = await doctor(repository, "--selftest");

  expect(said.code).toBe(0);
  const [parts, demo] = ["parts", "demo"].map((name) =>
    said.findings.find(({ check }) => check === name),
  );
  expect([parts?.severity, demo?.severity]).toEqual(["ok", "ok"]);
  expect(demo?.found).toContain("ran to its end");
  expect(readdirSync(repository.env.TMPDIR)).toEqual([]);
  expect(readdirSync(repository.dir)).toEqual([]);
});

test("ra doctor knows itself behind a link, and other programs of its name behind it", async () => {
  const repository = testRepository();
  program(repository, "ra");
  const link = join(repository.top, "link");
  mkdirSync(link);
  const linked = Bun.spawnSync(["ln", "-s", await raBinary(), join(link, "ra")]);
  repository.env.PATH = `${link}:${repository.env.PATH}`;

  const said = await doctor(repository);

  expect(linked.exitCode).toBe(0);
  expect(said.findings.find(({ check }) => check === "ra on PATH")).toMatchObject({
    severity: "note",
    found: expect.stringContaining("this one comes first"),
  });
});
