import { describe, expect, test } from "bun:test";
import {
  eventsOf,
  type RaResult,
  statuses,
  type TestRepository,
  testRepository,
} from "../../support/repository.ts";

const tasks = [
  { id: "fine", run: "echo fine > fine.txt" },
  { id: "bad", run: "test -e mended && cat mended > bad.txt" },
  { id: "worse", run: "cat mended > worse.txt" },
  { id: "after", deps: ["bad"], run: "cat bad.txt > after.txt" },
];

/** A run of which `fine` landed, `bad` and `worse` failed and `after` was skipped. */
async function failedRun(): Promise<TestRepository> {
  const repository = testRepository();
  const result = await repository.ra("dispatch", repository.plan(tasks), "--json");
  expect(statuses(result)).toEqual({
    fine: "done",
    bad: "error",
    worse: "error",
    after: "skipped",
  });
  return repository;
}

function attempted(result: RaResult): string[] {
  return eventsOf(result, "attempt.started").map(({ task, attempt }) => `${task}/${attempt}`);
}

describe("ra retry RUN/TASK", () => {
  test("tries the task anew on where the target is now, and what was skipped for it", async () => {
    const repository = await failedRun();
    repository.commit({ mended: "mended\n" });

    const result = await repository.ra("retry", "@last/bad", "--json");

    expect(statuses(result)).toEqual({ fine: "done", bad: "done", worse: "error", after: "done" });
    expect(attempted(result)).toEqual(["bad/2", "after/1"]);
    expect(repository.git("show", "main:after.txt")).toBe("mended");
    expect(result.code).toBe(1);
  });

  test("tries a task that a person stopped by its name", async () => {
    const repository = testRepository();
    const { hold } = repository;
    const plan = repository.plan([{ id: "slow", run: `${hold("slow")}; echo slow > slow.txt` }]);
    const dispatch = await repository.start("dispatch", plan, "--json");
    await repository.arrival("slow");
    await repository.ra("stop", "@last/slow");
    expect(statuses(await dispatch.ended)).toEqual({ slow: "stopped" });

    repository.open("slow");
    const result = await repository.ra("retry", "@last/slow", "--json");

    expect(statuses(result)).toEqual({ slow: "done" });
    expect(result.code).toBe(0);
  });

  test.each([
    ["that is done", "fine", "task `fine` is done"],
    ["that was skipped", "after", "task `after` was skipped because of `bad`"],
    ["that does not exist", "bat", "has no task `bat`"],
  ])("refuses a task %s, and starts nothing", async (_, task, words) => {
    const repository = await failedRun();

    const before = await repository.ra("logs", "@last", "--json");
    const result = await repository.ra("retry", `@last/${task}`);
    const after = await repository.ra("logs", "@last", "--json");

    expect(result.stderr).toContain(words);
    expect(result.code).toBe(2);
    expect(after.stdout).toBe(before.stdout);
  });
});

describe("ra retry RUN", () => {
  test("tries everything that failed, and no more", async () => {
    const repository = await failedRun();
    repository.commit({ mended: "mended\n" });

    const result = await repository.ra("retry", "@last", "--json");
    const again = await repository.ra("retry", "@last");

    expect(attempted(result).sort()).toEqual(["after/1", "bad/2", "worse/2"]);
    expect(Object.values(statuses(result))).toEqual(["done", "done", "done", "done"]);
    expect(result.code).toBe(0);
    expect(again.stderr).toContain("has succeeded; nothing is left to do");
    expect(again.code).toBe(2);
  });

  test("ends as the first run did where nothing has changed, and can be called again", async () => {
    const repository = await failedRun();

    const second = await repository.ra("retry", "@last", "--json");
    const third = await repository.ra("retry", "@last", "--json");

    const end = { fine: "done", bad: "error", worse: "error", after: "skipped" };
    expect([statuses(second), statuses(third)]).toEqual([end, end]);
    expect(attempted(third).sort()).toEqual(["bad/3", "worse/3"]);
    expect([second.code, third.code]).toEqual([1, 1]);
  });

  test("refuses a run that goes on", async () => {
    const repository = testRepository();
    const { hold } = repository;
    const plan = repository.plan([
      { id: "slow", run: hold("slow") },
      { id: "bad", run: "exit 1" },
    ]);
    const dispatch = await repository.start("dispatch", plan, "--json");
    await repository.arrival("slow");

    const result = await repository.ra("retry", "@last");

    expect(result.stderr).toContain(`process ${dispatch.pid}`);
    expect(result.code).toBe(6);
    repository.open("slow");
    await dispatch.ended;
  });

  test("is not proposed for a run that was rolled back, as it would be refused", async () => {
    const repository = await failedRun();
    await repository.ra("rollback", "@last");

    const why = await Promise.all(["@last", "@last/bad"].map((name) => repository.ra("why", name)));
    const refused = await repository.ra("retry", "@last");

    expect(why.map(({ stdout }) => stdout.includes("ra retry"))).toEqual([false, false]);
    expect(refused.stderr).toContain("was rolled back");
    expect(refused.code).toBe(2);
  });

  test("is what ra why proposes", async () => {
    const repository = await failedRun();

    const ofRun = await repository.ra("why", "@last");
    const ofTask = await repository.ra("why", "@last/bad");

    expect(ofRun.stdout).toMatch(/ra retry [a-z0-9]{4} /);
    expect(ofTask.stdout).toMatch(/ra retry [a-z0-9]{4}\/bad /);
  });
});
