import { describe, expect, test } from "bun:test";
import { ending, eventsOf, statuses, testRepository, until } from "../../support/repository.ts";

test("a conflict costs its task and what needs it; the rest lands", async () => {
  const repository = testRepository({ "list.txt": "zero\n" });
  const { hold } = repository;
  const plan = repository.plan([
    { id: "mine", run: `${hold("mine")}; echo mine > list.txt` },
    { id: "theirs", run: `${hold("theirs")}; echo theirs > list.txt` },
    { id: "after", deps: ["theirs"], run: "echo after > after.txt" },
    { id: "last", deps: ["after"], run: "echo last > last.txt" },
    { id: "other", run: "echo other > other.txt" },
  ]);

  const dispatch = await repository.start("dispatch", plan, "--json");
  await Promise.all(["mine", "theirs"].map(repository.arrival));
  repository.open("mine");
  await until(
    () => repository.git("for-each-ref", "refs/ra/*/_tip", "--format=%(contents)").includes("mine"),
    "the landing of mine",
  );
  repository.open("theirs");
  const result = await dispatch.ended;

  const { run, tasks, exitCode } = ending(result);
  expect([result.code, exitCode]).toEqual([7, 7]);
  expect(statuses(result)).toEqual({
    mine: "done",
    theirs: "error",
    after: "skipped",
    last: "skipped",
    other: "done",
  });
  expect(tasks.find(({ id }) => id === "theirs")?.error).toEqual({
    kind: "conflict",
    message: "conflict with mine in list.txt",
  });
  expect(tasks.filter(({ status }) => status === "skipped").map((task) => task.because)).toEqual([
    "theirs",
    "theirs",
  ]);
  expect(repository.git("show", `refs/ra/${run}/theirs/1:list.txt`)).toBe("theirs");
  expect(repository.git("show", "main:list.txt")).toBe("mine");
  expect(repository.git("ls-tree", "--name-only", "main").split("\n")).toEqual([
    "list.txt",
    "other.txt",
  ]);
  expect(repository.git("status", "--porcelain")).toBe("");
});

test("a conflict that is to be retried runs again on what landed, told of the conflict", async () => {
  const repository = testRepository({ "list.txt": "zero\n" });
  const { hold } = repository;
  const plan = repository.plan([
    { id: "mine", run: `${hold("mine")}; echo mine > list.txt` },
    {
      id: "theirs",
      onConflict: "retry",
      run: `${hold("theirs")}; basename $RA_ATTEMPT >> list.txt`,
    },
  ]);

  const dispatch = await repository.start("dispatch", plan, "--json");
  await Promise.all(["mine", "theirs"].map(repository.arrival));
  repository.open("mine");
  await until(
    () => repository.git("for-each-ref", "refs/ra/*/_tip", "--format=%(contents)").includes("mine"),
    "the landing of mine",
  );
  repository.open("theirs");
  repository.open("theirs");
  const result = await dispatch.ended;

  expect([result.code, statuses(result)]).toEqual([0, { mine: "done", theirs: "done" }]);
  expect(eventsOf(result, "merge.finished").map(({ landing }) => landing.kind)).toEqual([
    "merged",
    "conflicted",
    "merged",
  ]);
  expect(repository.git("show", "main:list.txt")).toBe("mine\n2");
});

describe("a check", () => {
  const both = "test ! -e a.txt -o ! -e b.txt";

  test("that passes on each result alone and fails on them merged keeps the later one out", async () => {
    const repository = testRepository();
    const { hold } = repository;
    const plan = repository.plan(
      ["a", "b"].map((id) => ({ id, run: `${hold(id)}; echo ${id} > ${id}.txt && ${both}` })),
      { defaults: { verify: `${both} || { echo both are there; false; }` } },
    );

    const dispatch = await repository.start("dispatch", plan, "--json");
    await Promise.all(["a", "b"].map(repository.arrival));
    repository.open("a");
    await until(() => repository.git("for-each-ref", "refs/ra/*/_tip") !== "", "a to land");
    repository.open("b");
    const result = await dispatch.ended;

    const error = ending(result).tasks[1]?.error;
    expect([result.code, statuses(result)]).toEqual([1, { a: "done", b: "error" }]);
    expect(error?.kind).toBe("verify");
    expect(error?.message).toContain("exited 1:\nboth are there");
    expect(repository.git("ls-tree", "--name-only", "main").split("\n")).toEqual([
      "README.md",
      "a.txt",
    ]);
    expect(repository.git("show", `refs/ra/${ending(result).run}/b/1:b.txt`)).toBe("b");
  });

  test("runs on a checkout of its own: what it leaves there lands nowhere", async () => {
    const repository = testRepository();
    const plan = repository.plan([
      { id: "a", run: "echo a > a.txt", verify: "test -e a.txt && echo junk > junk.txt" },
    ]);

    const result = await repository.ra("dispatch", plan, "--json");

    expect(result.code).toBe(0);
    expect(repository.git("ls-tree", "--name-only", "main").split("\n")).toEqual([
      "README.md",
      "a.txt",
    ]);
    expect(repository.git("status", "--porcelain")).toBe("");
  });
});
