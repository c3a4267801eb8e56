import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  ending,
  eventsOf,
  type PlannedTask,
  type TestRepository,
  testRepository,
} from "../../support/repository.ts";
import { digest } from "../../workspace/fixture.ts";

const tasks: readonly PlannedTask[] = [
  { id: "one", run: "echo one > one.txt; echo one >> log.txt" },
  { id: "two", deps: ["one"], run: "echo two > two.txt; echo two >> log.txt" },
  { id: "three", run: "echo three > three.txt" },
];

/** A repository with the three tasks landed. */
async function landedRun(
  change: Record<string, unknown> = {},
): Promise<{ repository: TestRepository; run: string }> {
  const repository = testRepository({ "log.txt": "zero\n" });
  const plan = repository.plan(tasks.map((task) => ({ ...task, ...change })));
  const result = await repository.ra("dispatch", plan, "--json");
  expect(result.code).toBe(0);
  return { repository, run: ending(result).run };
}

function everything({ dir, git }: TestRepository): readonly string[] {
  return [
    digest(dir, [".git", ".ra"]),
    readFileSync(join(dir, ".git/index")).toString("base64"),
    git("for-each-ref", "refs/heads", "refs/stash"),
  ];
}

function subjects(repository: TestRepository): string[] {
  return repository.git("log", "--format=%s").split("\n");
}

describe("ra rollback RUN", () => {
  test("makes one revert for each commit, newest first, beside uncommitted work", async () => {
    const { repository, run } = await landedRun();
    const start = repository.git("rev-parse", "main~3^{tree}");
    const landed = repository.git("log", "-3", "--format=%H").split("\n");
    repository.write({ "notes.txt": "mine\n" });
    repository.git("add", "notes.txt");

    const done = await repository.ra("rollback", run, "--json");

    const [event] = eventsOf(done, "run.reverted");
    expect([done.code, event?.tasks.map(({ commit }) => commit)]).toEqual([0, landed]);
    expect(repository.git("rev-parse", "main^{tree}")).toBe(start);
    expect(subjects(repository).slice(0, 3)).toEqual([
      'Revert "dispatch: task one — one"',
      'Revert "dispatch: task two — two"',
      'Revert "dispatch: task three — three"',
    ]);
    expect(repository.git("log", "-1", "--format=%an%n%(trailers)")).toBe(
      `Ada Lovelace\nRa-Run: ${run}\nRa-Task: one\nRa-Reverts: ${landed[2]}\n`,
    );
    expect(repository.git("status", "--porcelain")).toBe("A  notes.txt");
    const shown = JSON.parse((await repository.ra("show", run, "--json")).stdout);
    expect([shown.status, shown.tasks[0].reverted.commit]).toEqual(["rolled-back", landed[2]]);
    expect((await repository.ra("ps", "--all")).stdout).toContain("rolled-back");
  });

  test("takes nothing back twice, and neither resume nor land brings it in again", async () => {
    const { repository, run } = await landedRun();
    await repository.ra("rollback", run);
    const tip = repository.git("rev-parse", "main");

    const results = [
      await repository.ra("rollback", run),
      await repository.ra("land", run),
      await repository.ra("resume", run, "--auto"),
    ];

    expect(results.map(({ code }) => code)).toEqual([2, 2, 2]);
    expect(repository.git("rev-parse", "main")).toBe(tip);
    const wanted = await repository.ra("land", `${run}/three`);
    expect([wanted.code, subjects(repository)[0]]).toEqual([0, "dispatch: task three — three"]);
    const once = await repository.ra("rollback", run, "--json");
    expect(eventsOf(once, "run.reverted")[0]?.tasks.map(({ id }) => id)).toEqual(["three"]);
  });

  test("finds the commits after the user has rebased and reordered them", async () => {
    const { repository, run } = await landedRun();
    const [three, two, one] = repository.git("log", "-3", "--format=%H").split("\n");
    repository.git("reset", "--quiet", "--hard", "HEAD~3");
    repository.commit({ "user.txt": "user\n" }, "of the user");
    repository.git("cherry-pick", three!, one!, two!);

    const done = await repository.ra("rollback", run);

    expect(done.code).toBe(0);
    expect(repository.git("ls-tree", "--name-only", "main").split("\n")).toEqual([
      "log.txt",
      "user.txt",
    ]);
    expect(
      subjects(repository)
        .slice(0, 3)
        .map((subject) => subject.split(" ")[3]),
    ).toEqual(["three", "one", "two"]);
  });

  test("changes nothing when later work is in the way, and names paths and commits", async () => {
    const { repository, run } = await landedRun();
    const later = repository.commit({ "log.txt": "zero\nONE\ntwo\n" }, "of the user");
    const before = everything(repository);

    const results = [
      await repository.ra("rollback", run),
      await repository.ra("rollback", run, "--dry-run"),
    ];

    for (const { code, stderr } of results) {
      expect([code, stderr]).toEqual([7, expect.stringContaining("changed log.txt after it")]);
      expect(stderr).toContain(`${later.slice(0, 7)} "of the user"`);
    }
    expect(everything(repository)).toEqual(before);
  });

  test("changes nothing when the checkout holds changes there, or the check fails", async () => {
    const { repository, run } = await landedRun({ verify: "test ! -e $GATES/fail" });
    repository.write({ "two.txt": "mine\n" });
    const before = everything(repository);

    const refused = await repository.ra("rollback", run);
    const afterRefusal = everything(repository);
    repository.git("checkout", "--quiet", "--", "two.txt");
    Bun.spawnSync(["touch", join(repository.top, "gates/fail")]);
    const beforeCheck = everything(repository);
    const unverified = await repository.ra("rollback", run);
    const afterCheck = everything(repository);
    const unchecked = await repository.ra("rollback", run, "--no-verify");

    expect([refused.code, refused.stderr]).toEqual([
      7,
      expect.stringContaining("uncommitted changes (`two.txt`)"),
    ]);
    expect(afterRefusal).toEqual(before);
    expect([unverified.code, unverified.stderr]).toEqual([7, expect.stringContaining("exited 1")]);
    expect(afterCheck).toEqual(beforeCheck);
    expect([unchecked.code, unchecked.stderr]).toEqual([
      0,
      expect.stringContaining("the checks were left out"),
    ]);
  });

  test("only tells what it would do with --dry-run", async () => {
    const { repository, run } = await landedRun();
    const before = everything(repository);

    const told = await repository.ra("rollback", run, "--dry-run");
    const json = await repository.ra("rollback", run, "--dry-run", "--json");

    expect([told.code, told.stdout.split("\n").map((line) => line.slice(9))]).toEqual([
      0,
      [
        "dispatch: task three — three",
        "dispatch: task two — two",
        "dispatch: task one — one",
        " back from main",
        "",
      ],
    ]);
    expect(JSON.parse(json.stdout).commits).toHaveLength(3);
    expect(everything(repository)).toEqual(before);
  });
});

describe("ra rollback RUN/TASK", () => {
  test("takes the one commit back from under later ones", async () => {
    const { repository, run } = await landedRun();

    const done = await repository.ra("rollback", `${run}/two`, "--json");

    expect([done.code, eventsOf(done, "run.reverted")[0]?.tasks.map(({ id }) => id)]).toEqual([
      0,
      ["two"],
    ]);
    expect(repository.git("show", "main:log.txt")).toBe("zero\none");
    expect(repository.git("ls-tree", "--name-only", "main").split("\n")).toEqual([
      "log.txt",
      "one.txt",
      "three.txt",
    ]);
    const shown = await repository.ra("show", `${run}/two`);
    expect(shown.stdout).toContain("taken back by ");
  });

  test("is refused while a landed task needs it, and allowed once that is gone", async () => {
    const { repository, run } = await landedRun();
    const two = repository.git("log", "--format=%h", "--abbrev=7", "--grep=task two");
    const before = everything(repository);

    const refused = await repository.ra("rollback", `${run}/one`);
    const after = everything(repository);
    await repository.ra("rollback", `${run}/two`);
    const done = await repository.ra("rollback", `${run}/one`);

    expect([refused.code, refused.stderr]).toEqual([
      7,
      expect.stringContaining(`needed by \`two\` (${two})`),
    ]);
    expect(after).toEqual(before);
    expect(done.code).toBe(0);
    expect(repository.git("show", "main:log.txt")).toBe("zero");
  });

  test("does not follow a file that later work has moved", async () => {
    const { repository, run } = await landedRun();
    repository.git("mv", "three.txt", "moved.txt");
    repository.commit({}, "moved by the user");
    const before = everything(repository);

    const refused = await repository.ra("rollback", `${run}/three`);

    expect([refused.code, refused.stderr]).toEqual([
      7,
      expect.stringContaining("cannot be taken back"),
    ]);
    expect(everything(repository)).toEqual(before);
  });

  test("has nothing to do for a task that never landed", async () => {
    const repository = testRepository();
    const plan = repository.plan([{ id: "one", run: "false" }]);
    const { run } = ending(await repository.ra("dispatch", plan, "--json"));

    const done = await repository.ra("rollback", `${run}/one`);

    expect([done.code, done.stderr]).toEqual([2, expect.stringContaining("NOTHING_TO_ROLL_BACK")]);
  });
});
