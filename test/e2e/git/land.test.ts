import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  eventsOf,
  statuses,
  type TestRepository,
  testRepository,
  until,
} from "../../support/repository.ts";
import { digest } from "../../workspace/fixture.ts";
import { keptRun, subjects } from "./kept-runs.ts";

/** All that a refused command must not change. */
function everything({ dir, git }: TestRepository): readonly string[] {
  return [
    digest(dir, [".git", ".ra"]),
    readFileSync(join(dir, ".git/index")).toString("base64"),
    readFileSync(join(dir, ".git/HEAD"), "utf8"),
    git("for-each-ref", "refs/heads", "refs/stash"),
  ];
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
