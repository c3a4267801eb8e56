import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  ending,
  eventsOf,
  type RaResult,
  statuses,
  type TestRepository,
  testRepository,
  until,
} from "../../support/repository.ts";
import { digest } from "../../workspace/fixture.ts";

/** All that a refused command must not change. */
function everything({ dir, git }: TestRepository): readonly string[] {
  return [
    digest(dir, [".git", ".ra"]),
    readFileSync(join(dir, ".git/index")).toString("base64"),
    readFileSync(join(dir, ".git/HEAD"), "utf8"),
    git("for-each-ref", "refs/heads", "refs/stash"),
  ];
}

function subjects(repository: TestRepository, revision = "main"): string[] {
  return repository.git("log", "--reverse", "--format=%s", revision).split("\n");
}

/** A run of two tasks that an edit of the user keeps off the branch. Gives the run's id. */
async function keptRun(
  repository: TestRepository,
  rest: Record<string, unknown> = {},
): Promise<string> {
  repository.write({ "README.md": "mine\n" });
  const plan = repository.plan([
    { id: "one", run: "echo one > README.md", ...rest },
    { id: "two", deps: ["one"], run: "echo two > two.txt", ...rest },
  ]);
  const result = await repository.ra("dispatch", plan, "--json");
  expect([result.code, ending(result).published?.keptOn]).toEqual([7, `ra/${ending(result).run}`]);
  return ending(result).run;
}

/** A run in which `theirs` ends as a conflict with `mine`. */
async function conflictRun(repository: TestRepository): Promise<RaResult> {
  const { hold } = repository;
  const plan = repository.plan([
    { id: "mine", run: `${hold("mine")}; echo mine > list.txt` },
    { id: "theirs", run: `${hold("theirs")}; echo theirs > list.txt; echo t > theirs.txt` },
    { id: "after", deps: ["theirs"], run: "cat theirs.txt > after.txt" },
  ]);
  const dispatch = await repository.start("dispatch", plan, "--json");
  await Promise.all(["mine", "theirs"].map(repository.arrival));
  repository.open("mine");
  await until(() => repository.git("for-each-ref", "refs/ra/*/_tip") !== "", "mine to land");
  repository.open("theirs");
  return await dispatch.ended;
}

describe("ra land RUN", () => {
  test("lands what a checkout kept back once it is free, and takes the branch away", async () => {
    const repository = testRepository();
    const run = await keptRun(repository);
    repository.git("checkout", "--quiet", "--", "README.md");

    const landed = await repository.ra("land", run, "--json");

    const [event] = eventsOf(landed, "run.landed");
    expect([landed.code, event?.status, event?.exitCode, event?.complete]).toEqual([
      0,
      "succeeded",
      0,
      true,
    ]);
    expect(subjects(repository)).toEqual([
      "start",
      "dispatch: task one — one",
      "dispatch: task two — two",
    ]);
    expect(event?.tasks.map(({ commit }) => commit)).toEqual(
      repository.git("log", "--reverse", "--format=%H", "-2").split("\n"),
    );
    expect(repository.git("status", "--porcelain")).toBe("");
    expect(repository.git("for-each-ref", "refs/heads/ra")).toBe("");
    const shown = JSON.parse((await repository.ra("show", run, "--json")).stdout);
    expect([shown.status, shown.exitCode, shown.published.keptOn]).toEqual(["succeeded", 0, null]);
    const again = await repository.ra("land", run);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("NOTHING_TO_LAND")]);
    expect((await repository.ra("resume", run)).code).toBe(2);
  });

  test("merges onto a target that moved, and checks exactly that tree", async () => {
    const repository = testRepository();
    const run = await keptRun(repository, { verify: "ls > $GATES/seen; test ! -e broken.txt" });
    repository.git("checkout", "--quiet", "--", "README.md");
    repository.commit({ "user.txt": "user\n" }, "of the user");

    const landed = await repository.ra("land", run);

    expect([landed.code, landed.stdout]).toEqual([0, ""]);
    expect(landed.stderr).toContain(`ra: ${run}: landed one `);
    expect(subjects(repository).slice(0, 2)).toEqual(["start", "of the user"]);
    const seen = readFileSync(join(repository.top, "gates/seen"), "utf8").split("\n");
    expect(seen).toContain("user.txt");
    expect(seen).toContain("two.txt");
  });

  test("changes nothing while the checkout is in the way, while the check fails, and on a conflict", async () => {
    const repository = testRepository();
    const run = await keptRun(repository, { verify: "test ! -e broken.txt" });
    const before = everything(repository);

    const refused = await repository.ra("land", run);
    const afterRefusal = everything(repository);
    repository.git("checkout", "--quiet", "--", "README.md");
    repository.commit({ "broken.txt": "b\n" });
    const beforeCheck = everything(repository);
    const unverified = await repository.ra("land", run);
    const afterCheck = everything(repository);
    repository.commit({ "README.md": "user\n" }, "of the user");
    const beforeConflict = everything(repository);
    const conflict = await repository.ra("land", run);

    expect([refused.code, unverified.code, conflict.code]).toEqual([7, 7, 7]);
    expect(refused.stderr).toContain("uncommitted changes (`README.md`)");
    expect(unverified.stderr).toContain("`test ! -e broken.txt` exited 1");
    expect(conflict.stderr).toMatch(
      /one` conflicts in README.md; they were changed by \w{7} of the user/,
    );
    expect(afterRefusal).toEqual(before);
    expect(afterCheck).toEqual(beforeCheck);
    expect(everything(repository)).toEqual(beforeConflict);
  });

  test("leaves the check out with --no-verify and says so", async () => {
    const repository = testRepository();
    const run = await keptRun(repository, { verify: "test ! -e broken.txt" });
    repository.git("checkout", "--quiet", "--", "README.md");
    repository.commit({ "broken.txt": "b\n" });

    const landed = await repository.ra("land", run, "--no-verify");

    expect([landed.code, landed.stderr]).toEqual([
      0,
      expect.stringContaining("the checks were left out"),
    ]);
    expect(repository.git("show", "main:two.txt")).toBe("two");
  });

  test("keeps a branch that the user went on with", async () => {
    const repository = testRepository();
    const run = await keptRun(repository);
    repository.git("checkout", "--quiet", "--", "README.md");
    const tree = repository.git("rev-parse", `ra/${run}^{tree}`);
    const own = repository.git("commit-tree", tree, "-p", `ra/${run}`, "-m", "of the user");
    repository.git("update-ref", `refs/heads/ra/${run}`, own);

    const landed = await repository.ra("land", run);

    expect([landed.code, landed.stderr]).toEqual([0, expect.stringContaining(`ra/${run} stays`)]);
    expect(repository.git("rev-parse", `ra/${run}`)).toBe(own);
  });

  test("takes note of what the user has merged by hand, and lands nothing twice", async () => {
    const repository = testRepository();
    const run = await keptRun(repository);
    repository.git("checkout", "--quiet", "--", "README.md");
    repository.git("merge", "--quiet", `ra/${run}`);
    const tip = repository.git("rev-parse", "main");

    const landed = await repository.ra("land", run, "--json");

    expect([landed.code, eventsOf(landed, "run.landed")[0]?.status]).toEqual([0, "succeeded"]);
    expect(repository.git("rev-parse", "main")).toBe(tip);
    expect(repository.git("for-each-ref", "refs/heads/ra")).toBe("");
  });

  test("is refused while a living process drives the run, and named who", async () => {
    const repository = testRepository();
    const { hold } = repository;
    const dispatch = await repository.start(
      "dispatch",
      repository.plan([{ id: "one", run: hold("one") }]),
    );
    await repository.arrival("one");

    const results = [
      await repository.ra("land", "@last"),
      await repository.ra("rollback", "@last"),
    ];
    repository.open("one");
    await dispatch.ended;

    for (const { code, stderr } of results) {
      expect([code, stderr]).toEqual([6, expect.stringContaining(`process ${dispatch.pid}`)]);
    }
  });

  test("lands what was done before ra was killed, and a resume goes on from there", async () => {
    const repository = testRepository();
    const { hold } = repository;
    const plan = repository.plan([
      { id: "one", run: "echo one > one.txt" },
      { id: "two", deps: ["one"], run: `${hold("two")}; echo two > two.txt` },
    ]);
    const dispatch = await repository.start("dispatch", plan);
    await repository.arrival("two");
    dispatch.signal("SIGKILL");
    await dispatch.ended;
    repository.open("two");
    await until(() => repository.living().length === 0, "the end of the orphan");

    const landed = await repository.ra("land", "@last");
    const between = subjects(repository);
    repository.open("two");
    const resumed = await repository.ra("resume", "@last", "--auto", "--json");

    expect([landed.code, between]).toEqual([0, ["start", "dispatch: task one — one"]]);
    expect([resumed.code, statuses(resumed)]).toEqual([0, { one: "done", two: "done" }]);
    expect(subjects(repository)).toEqual([...between, "dispatch: task two — two"]);
  });

  test("says that nothing waits when all has landed", async () => {
    const repository = testRepository();
    await repository.ra("dispatch", repository.plan([{ id: "one", run: "echo 1 > 1.txt" }]));

    const landed = await repository.ra("land", "@last", "--json");

    expect([landed.code, JSON.parse(landed.stdout).error.code]).toEqual([2, "NOTHING_TO_LAND"]);
  });
});

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
