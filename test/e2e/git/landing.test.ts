import { describe, expect, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  ending,
  type PlannedTask,
  type RaResult,
  type TestRepository,
  testRepository,
  until,
} from "../../support/repository.ts";
import { digest } from "../../workspace/fixture.ts";

/** Everything of the user's that a run must not touch: files, index, HEAD. */
function checkoutOf({ dir, git }: TestRepository): readonly string[] {
  return [
    digest(dir, [".git", ".ra"]),
    readFileSync(join(dir, ".git/index")).toString("base64"),
    readFileSync(join(dir, ".git/HEAD"), "utf8"),
    git("rev-parse", "HEAD"),
    git("stash", "list"),
  ];
}

/** Runs the tasks and changes the repository while the first of them, which must hold at `gate`, runs. */
async function dispatchWhile(
  repository: TestRepository,
  tasks: readonly PlannedTask[],
  meanwhile: () => void,
): Promise<RaResult> {
  const dispatch = await repository.start("dispatch", repository.plan(tasks), "--json");
  await repository.arrival("gate");
  meanwhile();
  repository.open("gate");
  return await dispatch.ended;
}

describe("a checkout", () => {
  const task = { id: "work", run: "echo work > work.txt; echo work > README.md" };

  test("with uncommitted changes where the work is stays as it is, byte for byte; the work waits on a branch", async () => {
    const repository = testRepository({ "README.md": "start\n", "staged.txt": "s\n" });
    repository.write({ "README.md": "mine\n", "staged.txt": "staged\n", "notes.txt": "n\n" });
    repository.git("add", "staged.txt");
    const before = checkoutOf(repository);

    const result = await repository.ra("dispatch", repository.plan([task]));

    const branch = repository.git("for-each-ref", "--format=%(refname:short)", "refs/heads/ra");
    expect(result.code).toBe(7);
    expect(checkoutOf(repository)).toEqual(before);
    expect(repository.git("show", `${branch}:work.txt`)).toBe("work");
    expect(repository.git("rev-parse", `${branch}^`)).toBe(repository.git("rev-parse", "main"));
    expect(result.stderr).toContain(`land it with: ra land ${branch.slice("ra/".length)}`);
    expect(result.stderr).toContain("uncommitted changes");
  });

  test("with uncommitted changes elsewhere keeps them, staged or not, beside what landed", async () => {
    const repository = testRepository({ "README.md": "start\n", "a.txt": "a\n", "b.txt": "b\n" });
    repository.write({ "a.txt": "mine\n", "b.txt": "staged\n", "new.txt": "n\n" });
    repository.git("add", "b.txt", "new.txt");

    const result = await repository.ra("dispatch", repository.plan([task]), "--json");

    expect([result.code, ending(result).published?.keptOn]).toEqual([0, null]);
    expect(repository.git("show", "main:work.txt")).toBe("work");
    const left = repository.git("status", "--porcelain").split("\n").sort();
    expect(left).toEqual([" M a.txt", "A  new.txt", "M  b.txt"]);
    expect(readFileSync(join(repository.dir, "a.txt"), "utf8")).toBe("mine\n");
    expect(readFileSync(join(repository.dir, "README.md"), "utf8")).toBe("work\n");
  });

  test("with an untracked file in the way keeps it; the work waits on a branch", async () => {
    const repository = testRepository();
    repository.write({ "work.txt": "mine\n" });
    const before = checkoutOf(repository);

    const result = await repository.ra("dispatch", repository.plan([task]), "--json");

    const { published } = ending(result);
    expect(result.code).toBe(7);
    expect(checkoutOf(repository)).toEqual(before);
    expect(published?.reason).toContain("work.txt` is not tracked and would be overwritten");
    expect(repository.git("show", `${published?.keptOn}:work.txt`)).toBe("work");
  });

  test("with untracked files elsewhere is brought forward beside them", async () => {
    const repository = testRepository();
    repository.write({ "notes.txt": "mine\n" });

    const result = await repository.ra("dispatch", repository.plan([task]), "--json");

    expect(result.code).toBe(0);
    expect(repository.git("status", "--porcelain")).toBe("?? notes.txt");
    expect(readFileSync(join(repository.dir, "notes.txt"), "utf8")).toBe("mine\n");
  });

  test("whose index another git holds for a moment is waited for", async () => {
    const repository = testRepository();
    const lock = join(repository.dir, ".git/index.lock");
    writeFileSync(lock, "");

    const dispatch = await repository.start("dispatch", repository.plan([task]), "--json");
    await until(() => repository.git("for-each-ref", "refs/ra/*/_tip") !== "", "the merge");
    rmSync(lock);
    const result = await dispatch.ended;

    expect(result.code).toBe(0);
    expect(repository.git("status", "--porcelain")).toBe("");
  });

  test("of another branch is left alone when the target is not checked out", async () => {
    const repository = testRepository();
    repository.git("branch", "release");
    repository.write({ "README.md": "mine\n" });
    const before = checkoutOf(repository);
    const plan = repository.plan([task]);

    const result = await repository.ra("dispatch", plan, "--json", "--target", "release");

    expect(result.code).toBe(0);
    expect(checkoutOf(repository)).toEqual(before);
    expect(repository.git("show", "release:work.txt")).toBe("work");
  });
});

describe("a target that moves during the run", () => {
  test("gets the work merged and checked again on top", async () => {
    const repository = testRepository();
    const verify = "ls > $GATES/seen; test ! -e broken.txt";
    const task = { id: "work", run: `${repository.hold("gate")}; echo work > work.txt`, verify };

    const result = await dispatchWhile(repository, [task], () =>
      repository.commit({ "user.txt": "user\n" }, "of the user"),
    );

    expect(result.code).toBe(0);
    expect(repository.git("log", "--reverse", "--format=%s").split("\n")).toEqual([
      "start",
      "of the user",
      "dispatch: task work — work",
    ]);
    expect(readFileSync(join(repository.top, "gates/seen"), "utf8").split("\n")).toContain(
      "user.txt",
    );
    expect(repository.git("status", "--porcelain")).toBe("");
  });

  test("and fails the check with the work on top keeps it on a branch", async () => {
    const repository = testRepository();
    const verify = "test ! -e user.txt";
    const task = { id: "work", run: `${repository.hold("gate")}; echo work > work.txt`, verify };

    const result = await dispatchWhile(repository, [task], () =>
      repository.commit({ "user.txt": "user\n" }, "of the user"),
    );

    const { published } = ending(result);
    expect(result.code).toBe(7);
    expect(published?.reason).toContain("`test ! -e user.txt` exited 1");
    expect(repository.git("show", `${published?.keptOn}:work.txt`)).toBe("work");
    expect(repository.git("log", "-1", "--format=%s")).toBe("of the user");
  });

  test("into the way of the work keeps it on a branch", async () => {
    const repository = testRepository();
    const task = { id: "work", run: `${repository.hold("gate")}; echo work > README.md` };

    const result = await dispatchWhile(repository, [task], () =>
      repository.commit({ "README.md": "user\n" }, "of the user"),
    );

    const { published } = ending(result);
    expect(result.code).toBe(7);
    expect(published?.reason).toBe("`main` moved, and work conflicts with it in README.md");
    expect(repository.git("show", `${published?.keptOn}:README.md`)).toBe("work");
    expect(repository.git("show", "main:README.md")).toBe("user");
    expect(repository.git("status", "--porcelain")).toBe("");
  });

  test("shows what it gained to the tasks that start after", async () => {
    const repository = testRepository();
    const tasks = [
      { id: "work", run: `${repository.hold("gate")}; echo work > work.txt` },
      { id: "next", deps: ["work"], run: "cp user.txt copy.txt" },
    ];

    const result = await dispatchWhile(repository, tasks, () =>
      repository.commit({ "user.txt": "user\n" }, "of the user"),
    );

    expect(result.code).toBe(0);
    expect(repository.git("show", "main:copy.txt")).toBe("user");
  });
});
