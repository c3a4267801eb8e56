import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  ending,
  eventsOf,
  type RaResult,
  type TestRepository,
  testRepository,
  until,
} from "../../support/repository.ts";

const ids = ["one", "two", "three"];

/** Three tasks that end in the given order, and one that needs all of them. */
async function dispatchEnding(repository: TestRepository, order: readonly string[]) {
  const { hold } = repository;
  const work = (id: string) => ({
    id,
    description: `Write ${id}`,
    run: `${hold(id)}; echo ${id} > ${id}.txt`,
  });
  const last = { id: "last", description: "Write last", deps: ids, run: "cat *.txt > all" };
  const plan = repository.plan([last, ...ids.map(work)]);
  const dispatch = await repository.start("dispatch", plan, "--json");
  await Promise.all(ids.map(repository.arrival));
  const during = [repository.git("rev-parse", "HEAD"), repository.git("status", "--porcelain")];
  for (const [position, id] of order.entries()) {
    repository.open(id);
    await until(
      () => repository.git("for-each-ref", `refs/ra/*/${id}/1`) !== "",
      `the result of ${id}`,
    );
    if (position === 0) during.push(String(existsSync(join(repository.dir, `${id}.txt`))));
  }
  return { result: await dispatch.ended, during };
}

function shape(repository: TestRepository): string {
  return repository.git("log", "--format=%T %an <%ae> %cn%n%s", "main");
}

test("lands one commit per task with subject, trailers and the user as author", async () => {
  const repository = testRepository();
  const plan = repository.plan([
    { id: "api", description: "Expose  CRUD\n for carts", run: "echo api > api.txt" },
    { id: "look", run: "cat README.md" },
  ]);

  const result = await repository.ra("dispatch", plan, "--json");

  const run = ending(result).run;
  expect(repository.git("log", "-1", "--format=%an <%ae>|%cn <%ce>|%B").trim()).toBe(
    [
      "Ada Lovelace <ada@example.com>|Ada Lovelace <ada@example.com>|dispatch: task api — Expose CRUD for carts",
      "",
      `Ra-Run: ${run}`,
      "Ra-Task: api",
      "Ra-Attempt: 1",
      "Ra-Runner: shell",
    ].join("\n"),
  );
  expect(repository.git("log", "-1", "--format=%(trailers:key=Ra-Task,valueonly)").trim()).toBe(
    "api",
  );
  expect(repository.git("rev-list", "--count", "main")).toBe("2");
  expect(ending(result).tasks).toMatchObject([
    { id: "api", status: "done", commit: repository.git("rev-parse", "main") },
    { id: "look", status: "done", commit: null },
  ]);
});

test("gives the same trees in the plan's order whatever order the tasks end in", async () => {
  const runs: { repository: TestRepository; result: RaResult; during: string[] }[] = [];
  for (const order of [ids, ids.toReversed()]) {
    const repository = testRepository({ "README.md": "start\n", "bystander.txt": "x\n" });
    runs.push({ repository, ...(await dispatchEnding(repository, order)) });
  }

  const [forward, backward] = runs as [(typeof runs)[0], (typeof runs)[0]];
  const finished = eventsOf(backward.result, "merge.finished").map(({ task }) => task);
  expect(finished).toEqual(["three", "two", "one", "last"]);
  expect([forward.result.code, backward.result.code]).toEqual([0, 0]);
  expect(shape(backward.repository)).toBe(shape(forward.repository));
  expect(backward.repository.git("log", "--reverse", "--format=%s").split("\n")).toEqual([
    "start",
    ...[...ids, "last"].map((id) => `dispatch: task ${id} — Write ${id}`),
  ]);
  const commits = ending(backward.result).tasks.map(({ id, commit }) => [id, commit]);
  const named = [...ids, "last"].map((id) => [
    id,
    backward.repository.git("log", "--format=%H", `--grep=Ra-Task: ${id}$`),
  ]);
  expect(Object.fromEntries(commits)).toEqual(Object.fromEntries(named));
});

test("leaves the user's checkout alone until the end, and clean after it", async () => {
  const repository = testRepository();
  const start = repository.git("rev-parse", "HEAD");

  const { result, during } = await dispatchEnding(repository, ids);

  expect(during).toEqual([start, "", "false"]);
  expect(result.code).toBe(0);
  expect(ending(result).published).toMatchObject({ from: start, keptOn: null });
  expect(repository.git("status", "--porcelain")).toBe("");
  expect(repository.git("symbolic-ref", "HEAD")).toBe("refs/heads/main");
  expect(ids.every((id) => existsSync(join(repository.dir, `${id}.txt`)))).toBe(true);
});

test("a task may have any id, also one that is a name of ra's own", async () => {
  const repository = testRepository();
  const names = ["tip", "HEAD", "refs", "control", "1"];
  const plan = repository.plan(names.map((id) => ({ id, run: `echo ${id} > ${id}.txt` })));

  const result = await repository.ra("dispatch", plan, "--json");

  expect(result.code).toBe(0);
  expect(repository.git("rev-list", "--count", "main")).toBe(String(1 + names.length));
});
