import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  ending,
  eventsOf,
  type RaProcess,
  statuses,
  type TestRepository,
  testRepository,
} from "../../support/repository.ts";
import { digest } from "../../workspace/fixture.ts";

/** Starts a plan and waits until its task stands before the gate of its own name. */
async function startHeld(repository: TestRepository, task: object): Promise<RaProcess> {
  const plan = repository.plan([{ id: "held", ...task }]);
  const dispatch = await repository.start("dispatch", plan, "--json");
  await repository.arrival("held");
  return dispatch;
}

describe("in a clone", () => {
  const habits = {
    "deletes .git": "rm -rf .git",
    "commits by itself": "git add -A; git -c user.name=x -c user.email=x@y commit -qm mine",
    "goes to another branch":
      "git checkout -q -b elsewhere; git branch -D main; git stash -u; git stash pop",
    "empties the index": "git rm -rq --cached .; git reset -q --soft HEAD",
    "plants hooks and settings":
      "echo 'touch $GATES/owned' > .git/hooks/post-checkout; chmod +x .git/hooks/*; git config core.fsmonitor 'touch $GATES/owned'",
  };

  for (const [habit, command] of Object.entries(habits)) {
    test(`an agent that ${habit} loses nothing, and the user's .git does not change`, async () => {
      const repository = testRepository({ "README.md": "start\n", "old.txt": "old\n" });
      const { dir, hold } = repository;
      const work = "echo new > new.txt; rm old.txt";
      const before = (): readonly string[] => [
        readFileSync(join(dir, ".git/config"), "utf8"),
        readFileSync(join(dir, ".git/HEAD"), "utf8"),
        digest(join(dir, ".git/hooks")),
        digest(join(dir, ".git/refs/heads")),
        repository.git("stash", "list"),
      ];
      const untouched = before();

      const run = `${work}; (${command}) >/dev/null 2>&1; ${hold("held")}`;
      const dispatch = await startHeld(repository, { run });
      const during = before();
      repository.open("held");
      const result = await dispatch.ended;

      expect([result.code, statuses(result)]).toEqual([0, { held: "done" }]);
      expect(during).toEqual(untouched);
      expect(repository.git("ls-tree", "--name-only", "main").split("\n")).toEqual([
        "README.md",
        "new.txt",
      ]);
      expect(repository.git("rev-list", "--count", "main")).toBe("2");
      expect(existsSync(join(repository.top, "gates/owned"))).toBe(false);
    });
  }

  test("nothing is left of the workspaces", async () => {
    const repository = testRepository({ "README.md": "start\n", ".gitignore": "junk\n" });
    const plan = repository.plan([
      { id: "good", run: "mkdir junk; echo x > junk/x; echo a > a.txt" },
      { id: "bad", run: "echo b > b.txt; exit 1" },
    ]);

    const result = await repository.ra("dispatch", plan, "--json");

    const [below] = readdirSync(join(repository.top, "workspaces"));
    const left = readdirSync(join(repository.top, "workspaces", below as string));
    expect(result.code).toBe(1);
    expect(left.filter((name) => name !== ".trash")).toEqual([]);
    expect(repository.git("ls-tree", "-r", "--name-only", "main").split("\n")).toEqual([
      ".gitignore",
      "README.md",
      "a.txt",
    ]);
    expect(repository.git("show", `refs/ra/${ending(result).run}/bad/1:b.txt`)).toBe("b");
  });
});

test("a worktree is listed while its task runs and gone afterwards", async () => {
  const repository = testRepository();
  const { hold } = repository;

  const run = `${hold("held")}; pwd > where.txt`;
  const dispatch = await startHeld(repository, { run, isolation: "worktree" });
  const listed = repository.git("worktree", "list", "--porcelain");
  repository.open("held");
  const result = await dispatch.ended;

  const [spawned] = eventsOf(result, "process.spawned");
  expect(result.code).toBe(0);
  expect(listed).toContain(`worktree ${spawned?.workspace}\n`);
  expect(repository.git("show", "main:where.txt")).toBe(spawned?.workspace as string);
  expect(repository.git("worktree", "list").split("\n")).toHaveLength(1);
  expect(existsSync(spawned?.workspace as string)).toBe(false);
});

describe("with no isolation", () => {
  test("a task works where ra was started, and git is left alone", async () => {
    const repository = testRepository();
    const before = digest(join(repository.dir, ".git"), ["ra"]);
    const plan = repository.plan([{ id: "a", isolation: "none", run: "echo a > a.txt" }]);

    const result = await repository.ra("dispatch", plan, "--json");

    expect([result.code, ending(result).published]).toEqual([0, null]);
    expect(readFileSync(join(repository.dir, "a.txt"), "utf8")).toBe("a\n");
    expect(digest(join(repository.dir, ".git"), ["ra"])).toBe(before);
  });

  test("a plan runs outside git, with the registry beside it", async () => {
    const folder = testRepository(null);
    const plan = folder.plan(
      [
        { id: "a", run: "echo a > a.txt" },
        { id: "b", deps: ["a"], run: "cp a.txt b.txt" },
      ],
      { defaults: { isolation: "none" } },
    );

    const result = await folder.ra("dispatch", plan, "--json");
    const listed = await folder.ra("ps", "--all", "--json");

    expect([result.code, statuses(result)]).toEqual([0, { a: "done", b: "done" }]);
    expect(readdirSync(folder.dir).sort()).toEqual([".ra", "a.txt", "b.txt"]);
    expect(existsSync(join(folder.dir, ".ra/registry.db"))).toBe(true);
    expect(JSON.parse(listed.stdout).runs).toMatchObject([{ status: "succeeded" }]);
  });
});

describe("in place", () => {
  test("a task runs alone in the user's checkout and lands at once", async () => {
    const repository = testRepository();
    const { hold } = repository;
    repository.write({ "notes.txt": "mine\n" });
    const plan = repository.plan([
      { id: "before", run: "echo before > before.txt" },
      {
        id: "here",
        isolation: "in-place",
        deps: ["before"],
        run: "cat before.txt > here.txt; pwd > $GATES/pwd",
      },
      { id: "beside", deps: ["before"], run: "echo beside > beside.txt" },
      { id: "after", deps: ["here"], run: `${hold("after")}; cat here.txt > after.txt` },
    ]);

    const dispatch = await repository.start("dispatch", plan, "--json");
    await repository.arrival("after");
    const early = repository.git("ls-tree", "--name-only", "main").split("\n");
    repository.open("after");
    const result = await dispatch.ended;

    const starts = eventsOf(result, "attempt.started");
    const ends = eventsOf(result, "task.finished");
    const here = [starts, ends].map((list) => list.find(({ task }) => task === "here")!.seq);
    const within = [...starts, ...ends].filter(
      ({ task, seq }) => task !== "here" && seq > here[0]! && seq < here[1]!,
    );
    expect(result.code).toBe(0);
    expect(within).toEqual([]);
    expect(readFileSync(join(repository.top, "gates/pwd"), "utf8")).toBe(`${repository.dir}\n`);
    expect(early).toContain("here.txt");
    expect(repository.git("ls-tree", "--name-only", "main").split("\n").sort()).toEqual([
      "README.md",
      "after.txt",
      "before.txt",
      "beside.txt",
      "here.txt",
    ]);
    expect(repository.git("status", "--porcelain")).toBe("?? notes.txt");
  });

  test("a plan that is not tracked stays so", async () => {
    const repository = testRepository();
    const tasks = [{ id: "a", isolation: "in-place", run: "echo a > a.txt" }];
    repository.write({ "plan.json": JSON.stringify({ version: 1, mode: "auto", tasks }) });

    const result = await repository.ra("dispatch", "plan.json", "--json");

    expect(result.code).toBe(0);
    expect(repository.git("status", "--porcelain")).toBe("?? plan.json");
    expect(repository.git("ls-tree", "--name-only", "main").split("\n")).toEqual([
      "README.md",
      "a.txt",
    ]);
  });

  test("the checkout is put back after a task that failed, and its work is kept", async () => {
    const repository = testRepository({ "README.md": "start\n", "gone.txt": "x\n" });
    repository.write({ "notes.txt": "mine\n" });
    const before = digest(repository.dir, [".git", ".ra"]);
    const run =
      "echo broken > README.md; rm gone.txt; echo n > new.txt; echo w > notes.txt; exit 3";
    const plan = repository.plan([{ id: "a", isolation: "in-place", run }]);

    const result = await repository.ra("dispatch", plan, "--json");

    const kept = `refs/ra/${ending(result).run}/a/1`;
    expect(result.code).toBe(1);
    expect(digest(repository.dir, [".git", ".ra"])).toBe(before);
    expect(repository.git("status", "--porcelain")).toBe("?? notes.txt");
    expect(repository.git("show", `${kept}:README.md`)).toBe("broken");
    expect(repository.git("show", `${kept}:new.txt`)).toBe("n");
  });

  test("a checkout with uncommitted changes is refused and not touched", async () => {
    const repository = testRepository();
    repository.write({ "README.md": "mine\n" });
    const plan = repository.plan([{ id: "a", isolation: "in-place", run: "echo a > README.md" }]);

    const result = await repository.ra("dispatch", plan, "--json");

    expect(result.code).toBe(1);
    expect(ending(result).tasks[0]?.error?.message).toContain("uncommitted changes");
    expect(readFileSync(join(repository.dir, "README.md"), "utf8")).toBe("mine\n");
  });
});
