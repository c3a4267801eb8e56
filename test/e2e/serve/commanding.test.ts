import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readAudit } from "../../../core/registry/audit.ts";
import { Registry } from "../../../core/registry/registry.ts";
import { findPlace } from "../../../core/workspace/place.ts";
import { ending, type TestRepository, testRepository, until } from "../../support/repository.ts";
import { keptRun, landedRun } from "../git/kept-runs.ts";
import { brokenRun } from "./broken-run.ts";
import { startDaemon, type TestDaemon } from "./daemon.ts";

/** Status and code of an answer. */
async function asked(daemon: TestDaemon, path: string, body: object = {}) {
  const answer = await daemon.ask(path, body);
  const { error } = (await answer.json()) as { error?: { code: string; message: string } };
  return [answer.status, error?.code ?? null, error?.message ?? null] as const;
}

/** What the audit holds of the routes of a command, sorted. */
async function notedOf(repository: TestRepository, command: string): Promise<string[]> {
  await using registry = await Registry.open(findPlace(repository.dir));
  const rows = readAudit(registry.database, 1_000).filter(({ route }) => route.includes(command));
  const noted = rows.flatMap(({ method, route, status, count }) =>
    Array<string>(count).fill(`${method} ${route} ${status}`),
  );
  return noted.sort();
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

test("tries anew what failed, or one task of it, in a process of its own, says why it does not, and notes each", async () => {
  const repository = testRepository();
  const { hold } = repository;
  const plan = repository.plan([
    { id: "fine", run: "echo fine > fine.txt" },
    { id: "bad", run: `test -e mended || exit 1; ${hold("bad")}; cat mended > bad.txt` },
    { id: "worse", run: "cat mended > worse.txt" },
    { id: "after", deps: ["bad"], run: "cat bad.txt > after.txt" },
  ]);
  const { run } = ending(await repository.ra("dispatch", plan, "--json"));
  repository.commit({ mended: "mended\n" });
  const daemon = await startDaemon(repository);
  const path = `/api/runs/${run}/retry`;
  const tries = async () => {
    const { tasks } = await daemon.json<{
      tasks: readonly { id: string; status: string; attempts: number }[];
    }>(`/api/runs/${run}`);
    return tasks.map(({ id, status, attempts }) => `${id} ${status} ${attempts}`);
  };
  const over = async () => {
    const { finishedAt } = await daemon.json<{ finishedAt: string | null }>(`/api/runs/${run}`);
    return finishedAt !== null;
  };

  const others = [
    await asked(daemon, path, { task: "fine" }),
    await asked(daemon, path, { task: "after" }),
    await asked(daemon, path, { task: "none" }),
    await asked(daemon, path, { task: "bad", budget: "8usd" }),
    await asked(daemon, "/api/runs/nope/retry"),
  ];
  const untried = await tries();
  const one = await daemon.json(path, { task: "bad" });
  await repository.arrival("bad");
  const driven = await asked(daemon, path);
  repository.open("bad");
  await until(over, "the end of the one");
  const half = await tries();
  const all = await daemon.json(path, {});
  await until(over, "the end of all");
  const whole = await tries();
  const again = await asked(daemon, path);
  await daemon.end();

  expect<unknown>(others).toEqual([
    [409, "NOTHING_TO_RETRY", "task `fine` is done"],
    [409, "NOTHING_TO_RETRY", "task `after` was skipped because of `bad`"],
    [404, "TASK_UNKNOWN", expect.any(String)],
    [400, "BAD_BODY", expect.any(String)],
    [404, "RUN_UNKNOWN", expect.any(String)],
  ]);
  expect(untried).toEqual(["fine done 1", "bad error 1", "worse error 1", "after skipped 0"]);
  expect([one, all]).toMatchObject([
    { run, task: "bad" },
    { run, task: null },
  ]);
  expect(driven.slice(0, 2)).toEqual([409, "RUN_DRIVEN"]);
  expect(half).toEqual(["fine done 1", "bad done 2", "worse error 1", "after done 1"]);
  expect(whole).toEqual(["fine done 1", "bad done 2", "worse done 2", "after done 1"]);
  expect(repository.git("show", "main:worse.txt", "main:after.txt")).toBe("mended\nmended");
  expect(again.slice(0, 2)).toEqual([409, "NOTHING_TO_RESUME"]);
  const noted = await notedOf(repository, "retry");
  expect(noted).toEqual(
    ["200", "200", "400", "404", "404", "409", "409", "409", "409"].map(
      (code) => `POST /api/runs/:id/retry ${code}`,
    ),
  );
});

test("tries nothing anew when the budget of the run is used up", async () => {
  const repository = testRepository();
  const plan = repository.plan([{ id: "bad", run: "exit 1" }], { budget: { time: "1ms" } });
  const { run } = ending(await repository.ra("dispatch", plan, "--json"));
  const daemon = await startDaemon(repository);

  const refused = await asked(daemon, `/api/runs/${run}/retry`, { task: "bad" });
  const { finishedAt } = await daemon.json(`/api/runs/${run}`);
  await daemon.end();

  expect(refused).toEqual([409, "BUDGET_REACHED", expect.stringContaining("is used up")]);
  expect(finishedAt).toEqual(expect.any(String));
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

interface Told {
  readonly target?: string;
  readonly commits?: readonly { readonly commit: string; readonly tasks: readonly string[] }[];
  readonly tasks?: readonly { readonly id: string; readonly revert: string }[];
}

test("tells what a rollback would take back, takes that back, says why it does not, and notes each", async () => {
  const repository = testRepository();
  const run = await landedRun(repository);
  const [two = "", one = ""] = repository.git("log", "-2", "--format=%H", "main").split("\n");
  const daemon = await startDaemon(repository);
  const path = `/api/runs/${run}/rollback`;

  const whole = await daemon.json<Told>(path);
  const part = await daemon.json<Told>(`/api/runs/${run}/tasks/two/rollback`);
  const unmoved = repository.git("rev-parse", "main");
  const needed = [
    await asked(daemon, path, { task: "one" }),
    await daemon.ask(`/api/runs/${run}/tasks/one/rollback`),
  ] as const;
  const others = [
    await asked(daemon, path, { task: "three" }),
    await asked(daemon, path, { verify: false }),
    await asked(daemon, path, { dryRun: true }),
    await asked(daemon, "/api/runs/nope/rollback"),
  ];
  const still = repository.git("rev-parse", "main");
  const taken = await daemon.json<Told>(path, { task: "two" });
  const half = repository.git("ls-tree", "--name-only", "main").split("\n");
  const rest = await daemon.json<Told>(path, {});
  const again = [await asked(daemon, path), await daemon.ask(path)] as const;
  const { status } = await daemon.json<{ status: string }>(`/api/runs/${run}`);
  await daemon.end();

  expect(whole).toMatchObject({ run, task: null, target: "main", tip: two });
  expect(whole.commits?.map(({ commit, tasks }) => [commit, tasks])).toEqual([
    [two, ["two"]],
    [one, ["one"]],
  ]);
  expect(part).toMatchObject({ task: "two", commits: [{ commit: two }] });
  expect([unmoved, still]).toEqual([two, two]);
  expect(needed[0]).toEqual([409, "ROLLBACK_NEEDED", expect.stringContaining("needed by `two`")]);
  expect(needed[1].status).toBe(409);
  expect(others.map(([code, why]) => [code, why])).toEqual([
    [404, "TASK_UNKNOWN"],
    [400, "BAD_BODY"],
    [400, "BAD_BODY"],
    [404, "RUN_UNKNOWN"],
  ]);
  expect(taken).toMatchObject({
    run,
    task: "two",
    target: "main",
    from: two,
    tasks: [{ id: "two" }],
  });
  expect([half.includes("one.txt"), half.includes("two.txt")]).toEqual([true, false]);
  expect(rest.tasks).toMatchObject([
    { id: "one", commit: one, revert: repository.git("rev-parse", "main") },
  ]);
  expect(again[0].slice(0, 2)).toEqual([409, "NOTHING_TO_ROLL_BACK"]);
  expect([again[1].status, status]).toEqual([409, "rolled-back"]);
  expect(await notedOf(repository, "rollback")).toEqual([
    "GET /api/runs/:id/rollback 200",
    "GET /api/runs/:id/rollback 409",
    "GET /api/runs/:id/tasks/:task/rollback 200",
    "GET /api/runs/:id/tasks/:task/rollback 409",
    ...["200", "200", "400", "400", "404", "404", "409", "409"].map(
      (code) => `POST /api/runs/:id/rollback ${code}`,
    ),
  ]);
});

test("takes nothing back that later work has changed, that uncommitted work meets, or that checks need", async () => {
  const repository = testRepository();
  const plan = repository.plan([
    { id: "one", run: "echo one > one.txt", verify: "test ! -e $GATES/fail" },
  ]);
  const { run } = ending(await repository.ra("dispatch", plan, "--json"));
  const landed = repository.git("rev-parse", "main");
  const daemon = await startDaemon(repository);
  const path = `/api/runs/${run}/rollback`;

  repository.write({ "one.txt": "mine\n" });
  const refused = await asked(daemon, path);
  repository.git("checkout", "--quiet", "--", "one.txt");
  writeFileSync(join(repository.top, "gates/fail"), "");
  const unverified = await asked(daemon, path);
  const unmoved = repository.git("rev-parse", "main");
  const later = repository.commit({ "one.txt": "ONE\n" }, "of the user");
  const conflict = await asked(daemon, path);
  const foreseen = await daemon.ask(path);
  await daemon.end();

  expect(refused).toEqual([409, "ROLLBACK_REFUSED", expect.stringContaining("one.txt")]);
  expect(unverified.slice(0, 2)).toEqual([409, "ROLLBACK_UNVERIFIED"]);
  expect(conflict).toEqual([409, "ROLLBACK_CONFLICT", expect.stringContaining("one.txt")]);
  expect([foreseen.status, unmoved]).toEqual([409, landed]);
  expect(repository.git("rev-parse", "main")).toBe(later);
});
