import { describe, expect, test } from "bun:test";
import { ending, eventsOf, statuses, testRepository } from "../../support/repository.ts";
import { conflictRun, keptRun, subjects } from "./kept-runs.ts";

describe("ra land RUN/TASK", () => {
  test("tells the paths of a conflict, lands the work once that is gone, and lets its dependents run", async () => {
    const repository = testRepository({ "list.txt": "zero\n" });
    const { run } = ending(await conflictRun(repository));

    const conflict = await repository.ra("land", `${run}/theirs`);
    repository.commit({ "list.txt": "zero\n" }, "of the user");
    const landed = await repository.ra("land", `${run}/theirs`, "--json");
    const resumed = await repository.ra("resume", run, "--auto", "--json");

    expect([conflict.code, conflict.stderr]).toEqual([
      7,
      expect.stringContaining("conflicts in list.txt"),
    ]);
    expect([landed.code, eventsOf(landed, "run.landed")[0]?.tasks]).toEqual([
      0,
      [{ id: "theirs", attempt: 1, commit: expect.any(String) }],
    ]);
    expect(repository.git("show", "main:list.txt")).toBe("theirs");
    expect([resumed.code, statuses(resumed)]).toEqual([
      0,
      { mine: "done", theirs: "done", after: "done" },
    ]);
    expect(repository.git("show", "main:after.txt")).toBe("t");
    expect(eventsOf(resumed, "attempt.started").map(({ task }) => task)).toEqual(["after"]);
  });

  test("checks the kept work of a failed check again, and leaves that out when asked to", async () => {
    const repository = testRepository();
    const plan = repository.plan([{ id: "one", run: "echo 1 > 1.txt", verify: "test -e ok.txt" }]);
    const { run } = ending(await repository.ra("dispatch", plan, "--json"));

    const failing = await repository.ra("land", `${run}/one`);
    const before = subjects(repository);
    const landed = await repository.ra("land", `${run}/one`, "--no-verify");
    const twice = await repository.ra("land", `${run}/one`);

    expect([failing.code, failing.stderr]).toEqual([7, expect.stringContaining("exited 1")]);
    expect(before).toEqual(["start"]);
    expect(landed.code).toBe(0);
    expect(subjects(repository)).toEqual(["start", "dispatch: task one — one"]);
    expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining("on `main` already")]);
    const shown = JSON.parse((await repository.ra("show", run, "--json")).stdout);
    expect([shown.status, shown.tasks[0].status, shown.tasks[0].error]).toEqual([
      "succeeded",
      "done",
      null,
    ]);
  });

  test("leaves the rest of the run where it is", async () => {
    const repository = testRepository();
    const run = await keptRun(repository);

    const landed = await repository.ra("land", `${run}/two`, "--json");

    const [event] = eventsOf(landed, "run.landed");
    expect([landed.code, event?.complete, event?.exitCode]).toEqual([0, false, 7]);
    expect(repository.git("show", "main:two.txt")).toBe("two");
    expect(repository.git("show", "main:README.md")).toBe("start");
    expect(repository.git("show", `ra/${run}:README.md`)).toBe("one");
    expect(repository.git("status", "--porcelain")).toBe(" M README.md");
  });

  test("has nothing to land for a task that left nothing, or that is not there", async () => {
    const repository = testRepository();
    const plan = repository.plan([{ id: "one", run: "false" }]);
    const { run } = ending(await repository.ra("dispatch", plan, "--json"));

    const results = [
      await repository.ra("land", `${run}/one`),
      await repository.ra("land", `${run}/two`),
    ];

    expect(results.map(({ code }) => code)).toEqual([2, 2]);
    expect(results[0]?.stderr).toContain("left nothing that could land");
    expect(results[1]?.stderr).toContain("has no task");
  });
});
