import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { raBinary } from "../../support/binary.ts";
import { runProgram } from "../../support/program.ts";
import {
  events,
  type RaProcess,
  type TestRepository,
  testRepository,
  until,
} from "../../support/repository.ts";
import { interrupt, openScreen } from "./screen.ts";

/** A run of which one task holds the paths another one waits for. */
async function liveRun(repository: TestRepository): Promise<RaProcess> {
  const { hold } = repository;
  const touching = ["src/server/api/**"];
  const plan = repository.plan([
    {
      id: "api",
      description: "Expose CRUD for carts under /api/carts",
      touching,
      run: hold("api"),
    },
    { id: "docs", description: "Describe all of it", touching, run: "true" },
  ]);
  const started = await repository.start("dispatch", plan, "--json");
  await repository.arrival("api");
  await until(
    async () => JSON.parse((await repository.ra("ps", "--json")).stdout).waiting.length > 0,
    "the waiting task",
  );
  return started;
}

for (const columns of [80, 120]) {
  test(`lists processes and what waits for them within ${columns} columns`, async () => {
    const repository = testRepository();
    const dispatch = await liveRun(repository);
    const env = { ...repository.env, COLUMNS: String(columns) };

    const ps = await runProgram([await raBinary(), "ps"], { cwd: repository.dir, env });
    repository.open("api");
    await dispatch.ended;

    const rows = ps.out.split("\n");
    expect(rows.filter((row) => Bun.stringWidth(row) > columns)).toEqual([]);
    expect(rows[0]).toMatch(/^PROCESS +STATUS +RUNNER +TIME +TOUCHING +TASK$/);
    expect(rows[1]).toMatch(/^\w+\/api\/1 +running +shell +\d+\.\ds +src\/serve/);
    expect(rows[2]).toMatch(/^\w+\/docs +waiting +waits for/);
    expect(ps.out).toMatch(/\nRUN +NAME +STATE +TASKS +TIME +NOTE\n\w+ .* running +0\/2/);
  });
}

test("gives ids with -q, and objects of the contract with --json", async () => {
  const repository = testRepository();
  const dispatch = await liveRun(repository);

  const quiet = await repository.ra("ps", "-q");
  const json = await repository.ra("ps", "--json");
  repository.open("api");
  const result = await dispatch.ended;
  const after = await repository.ra("ps", "-q");
  const all = await repository.ra("ps", "--all");

  const run = events(result)[0]?.run;
  expect(quiet.stdout).toBe(`${run}/api/1\n`);
  expect(JSON.parse(json.stdout).processes).toEqual([
    {
      id: `${run}/api/1`,
      type: "command",
      task: "Expose CRUD for carts under /api/carts",
      status: "running",
      touching: ["src/server/api/**"],
      run,
      taskId: "api",
      requestId: null,
      runner: "shell",
      model: null,
      pid: expect.any(Number),
      workspace: expect.stringContaining(repository.top),
      silentSince: null,
      startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    },
  ]);
  expect(JSON.parse(json.stdout).waiting[0].reason).toMatchObject({
    kind: "claim",
    by: `${run}/api`,
  });
  expect(after.stdout).toBe("");
  expect(all.stdout).toMatch(/succeeded +2\/2/);
});

test("draws the list anew on a terminal, and ends at Ctrl-C", async () => {
  const repository = testRepository();
  const screen = await openScreen(repository, ["ps", "--watch"]);
  await screen.shows(/nothing runs here/);

  const dispatch = await liveRun(repository);
  const shown = (): string => screen.text.split("\u001b[H\u001b[J").at(-1) ?? "";
  await until(() => /^PROCESS[\s\S]*api\/1 +running/.test(shown()), "the process");
  repository.open("api");
  await dispatch.ended;
  await until(() => shown().startsWith("nothing runs here"), "the end of the process");
  screen.type(interrupt);
  const code = await screen.ended;

  expect([null, 130]).toContain(code);
});

test("stops watching when its reader has gone", async () => {
  const repository = testRepository();
  const watch = runProgram(["bash", "-c", `${await raBinary()} ps --watch | head -1`], {
    cwd: repository.dir,
    env: repository.env,
  });
  await until(() => existsSync(join(repository.dir, ".git/ra/registry.db")), "the registry");

  const plan = repository.plan([
    { id: "one", run: "true" },
    { id: "two", deps: ["one"], run: "true" },
  ]);
  await repository.ra("dispatch", plan);
  let isOver = false;
  void watch.then(() => {
    isOver = true;
  });
  await until(async () => {
    if (!isOver) await repository.ra("dispatch", plan);
    return isOver;
  }, "the end of the watch");

  expect((await watch).out).toContain("nothing runs here");
});

test("shows a run and a task by a prefix and by @last", async () => {
  const repository = testRepository();
  const plan = repository.plan([
    { id: "one", description: "First of all", run: "echo 1 > one.txt" },
    { id: "two", run: "exit 4" },
  ]);
  const result = await repository.ra("dispatch", plan, "--json");
  const run = events(result)[0]?.run ?? "";

  const whole = await repository.ra("show", run.slice(0, 2));
  const task = await repository.ra("show", "@last/two");
  const json = await repository.ra("show", `${run}/one`, "--json");

  expect(whole.stdout).toMatch(new RegExp(`^${run} .* failed `));
  expect(whole.stdout).toMatch(/two +error +shell +\d+\.\ds +exit 4\n/);
  expect(whole.stdout).toContain(`look closer: ra why ${run}/two\n`);
  expect(task.stdout).toContain(`logs: ra logs ${run}/two\n`);
  expect(JSON.parse(json.stdout)).toMatchObject({ run, id: "one", status: "done", attempts: 1 });
});

test("names what is near when a run or a task is not there", async () => {
  const repository = testRepository();
  const result = await repository.ra(
    "dispatch",
    repository.plan([{ id: "schema", run: "true" }]),
    "--json",
  );
  const run = events(result)[0]?.run ?? "";

  const answers = await Promise.all(
    [
      `show ${run}x`,
      "show @last/shcema",
      "logs @last/schem",
      "stop @last/schemas",
      "show zzzzzzzz",
    ].map((line) => repository.ra(...line.split(" "))),
  );

  expect(answers.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
  expect(answers.map(({ stderr }) => stderr.split("\n")[1]?.toLowerCase())).toEqual([
    `fix: did you mean \`${run}\`?`,
    `fix: did you mean \`${run}/schema\`?`,
    `fix: did you mean \`${run}/schema\`?`,
    `fix: did you mean \`${run}/schema\`?`,
    "fix: see `ra ps --all` for the runs",
  ]);
});

test("leaves no files where nothing has run", async () => {
  const repository = testRepository(null);

  const answers = await Promise.all(
    [
      "ps",
      "ps --json",
      "ps -q",
      "show @last",
      "logs x",
      "continue x",
      "stop x/y",
      "resume @last",
    ].map((line) => repository.ra(...line.split(" "))),
  );

  expect(answers.map(({ code }) => code)).toEqual([0, 0, 0, 2, 2, 2, 2, 2]);
  expect(answers[0]?.stdout).toBe("nothing runs here; start with: ra dispatch plan.yaml\n");
  expect(JSON.parse(answers[1]?.stdout ?? "")).toMatchObject({ v: 1, processes: [], runs: [] });
  expect(answers[3]?.stderr).toMatch(/^error\[RUN_NONE\]: there are no runs here yet\nfix: /);
  expect(existsSync(join(repository.dir, ".ra"))).toBe(false);
});
