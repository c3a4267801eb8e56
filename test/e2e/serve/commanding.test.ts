import { expect, test } from "bun:test";
import { testRepository, until } from "../../support/repository.ts";
import { keptRun } from "../git/kept-runs.ts";
import { brokenRun } from "./broken-run.ts";
import { startDaemon, type TestDaemon } from "./daemon.ts";

/** Status and code of an answer. */
async function asked(daemon: TestDaemon, path: string, body: object = {}) {
  const answer = await daemon.ask(path, body);
  const { error } = (await answer.json()) as { error?: { code: string; message: string } };
  return [answer.status, error?.code ?? null, error?.message ?? null] as const;
}

test("lands what a run kept, and says why it does not", async () => {
  const repository = testRepository();
  const run = await keptRun(repository);
  const daemon = await startDaemon(repository);
  const path = `/api/runs/${run}/land`;

  const refused = await asked(daemon, path);
  const tip = repository.git("rev-parse", "main");
  repository.git("checkout", "--quiet", "--", "README.md");
  const others = [
    await asked(daemon, path, { task: "three" }),
    await asked(daemon, path, { verify: false }),
    await asked(daemon, "/api/runs/nope/land"),
  ];
  const unmoved = repository.git("rev-parse", "main");
  const one = await asked(daemon, path, { task: "one" });
  const half = repository.git("log", "--format=%s", "main");
  const landed = await asked(daemon, path);
  const again = await asked(daemon, path);
  await daemon.end();

  expect(refused).toEqual([409, "LAND_REFUSED", expect.stringContaining("README.md")]);
  expect(others.map(([status, code]) => [status, code])).toEqual([
    [404, "TASK_UNKNOWN"],
    [400, "BAD_BODY"],
    [404, "RUN_UNKNOWN"],
  ]);
  expect(unmoved).toBe(tip);
  expect([one[0], half.includes("one"), half.includes("two")]).toEqual([200, true, false]);
  expect([landed[0], repository.git("show", "main:two.txt")]).toEqual([200, "two"]);
  expect(again.slice(0, 2)).toEqual([409, "NOTHING_TO_LAND"]);
});

test("goes on with a run, once, in a process that outlives the gateway when it is killed", async () => {
  const { repository, run, path } = await brokenRun();
  const daemon = await startDaemon(repository);

  const first = await asked(daemon, path);
  await repository.arrival("again");
  const second = await asked(daemon, path);
  const land = await asked(daemon, `/api/runs/${run}/land`);
  await daemon.end("SIGKILL");
  repository.open("again");
  await until(() => repository.git("log", "--format=%s", "main").includes("a"), "the landing");
  await until(() => repository.living().length === 0, "the end of its process");
  const next = await startDaemon(repository);
  const third = await asked(next, path);
  const unknown = await asked(next, "/api/runs/nope/resume");
  await next.end();

  expect(first).toEqual([200, null, null]);
  expect([second, land].map(([status, code]) => [status, code])).toEqual([
    [409, "RUN_DRIVEN"],
    [409, "RUN_DRIVEN"],
  ]);
  expect(third.slice(0, 2)).toEqual([409, "NOTHING_TO_RESUME"]);
  expect(unknown.slice(0, 2)).toEqual([404, "RUN_UNKNOWN"]);
});

test("interrupts what it goes on with when it is told to end, and the work is kept", async () => {
  const { repository, run, path } = await brokenRun();
  const daemon = await startDaemon(repository);
  await asked(daemon, path);
  await repository.arrival("again");

  const { code } = await daemon.end();

  const left = repository.living();
  const shown = await repository.ra("show", run, "--json");
  expect([code, left]).toEqual([0, []]);
  expect(JSON.parse(shown.stdout)).toMatchObject({ status: "interrupted" });
});
