import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ending, eventsOf, statuses, testRepository } from "../../support/repository.ts";
import { digest } from "../../workspace/fixture.ts";

const chain = [
  { id: "a", run: "echo a > a.txt" },
  { id: "b", deps: ["a"], run: "echo b > b.txt" },
  { id: "c", deps: ["b"], run: "echo c > c.txt" },
  { id: "d", run: "echo d > d.txt" },
];

test("--only runs the named tasks with everything they need", async () => {
  const repository = testRepository();

  const result = await repository.ra("dispatch", repository.plan(chain), "--json", "--only", "b");

  expect([result.code, statuses(result)]).toEqual([0, { a: "done", b: "done" }]);
  expect(repository.git("ls-tree", "--name-only", "main").split("\n")).toEqual([
    "README.md",
    "a.txt",
    "b.txt",
  ]);
});

test("--dry-run shows the plan and writes nothing at all", async () => {
  const repository = testRepository();
  const plan = repository.plan(chain);
  const before = digest(repository.top);

  const result = await repository.ra("dispatch", plan, "--dry-run");

  expect(result.code).toBe(0);
  for (const { id } of chain) expect(result.stdout).toMatch(new RegExp(`\\b${id}\\b`));
  expect(digest(repository.top)).toBe(before);
});

describe("--base", () => {
  test("starts the tasks from that commit and lands on top of the target", async () => {
    const repository = testRepository({ "README.md": "start\n" });
    const old = repository.git("rev-parse", "HEAD");
    repository.commit({ "later.txt": "later\n" }, "later");
    const plan = repository.plan([
      { id: "a", run: "ls > seen.txt" },
      { id: "b", deps: ["a"], run: "ls > seen-too.txt" },
    ]);

    const result = await repository.ra("dispatch", plan, "--json", "--base", old);

    expect(result.code).toBe(0);
    expect(repository.git("show", "main:seen.txt")).toBe("README.md\nseen.txt");
    expect(repository.git("show", "main:seen-too.txt")).toBe("README.md\nseen-too.txt\nseen.txt");
    expect(repository.git("log", "--reverse", "--format=%s").split("\n").slice(0, 2)).toEqual([
      "start",
      "later",
    ]);
    expect(repository.git("status", "--porcelain")).toBe("");
  });

  test("that names no commit is refused, and nothing is started", async () => {
    const repository = testRepository();

    const result = await repository.ra("dispatch", repository.plan(chain), "--base", "nowhere");

    expect(result.code).toBe(6);
    expect(result.stderr).toContain("`nowhere` names no commit");
    expect(existsSync(join(repository.dir, ".git/ra/registry.db"))).toBe(false);
  });
});

describe("--target", () => {
  test("that does not exist is refused with the command that makes it", async () => {
    const repository = testRepository();

    const result = await repository.ra("dispatch", repository.plan(chain), "--target", "next");

    expect(result.code).toBe(6);
    expect(result.stderr).toContain("git branch next");
    expect(existsSync(join(repository.dir, ".git/ra/registry.db"))).toBe(false);
  });

  test("checked out in a linked worktree is brought forward there", async () => {
    const repository = testRepository();
    const linked = join(repository.top, "linked");
    repository.git("worktree", "add", "-q", "-b", "next", linked);

    const result = await repository.ra(
      "dispatch",
      repository.plan(chain),
      "--json",
      "--target",
      "next",
    );

    expect(result.code).toBe(0);
    expect(ending(result).published).toMatchObject({ target: "next", keptOn: null });
    expect(readFileSync(join(linked, "a.txt"), "utf8")).toBe("a\n");
    expect(repository.git("-C", linked, "status", "--porcelain")).toBe("");
    expect(repository.git("rev-list", "--count", "main")).toBe("1");
  });
});

test("the command of the plan itself may be dispatched again: what is there makes no commit", async () => {
  const repository = testRepository();
  const plan = repository.plan(chain);
  await repository.ra("dispatch", plan);
  const tip = repository.git("rev-parse", "main");

  const again = await repository.ra("dispatch", plan, "--json");

  expect([again.code, repository.git("rev-parse", "main")]).toEqual([0, tip]);
  expect(eventsOf(again, "merge.finished")).toEqual([]);
});
