import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eventsOf, statuses, testRepository, until } from "../../support/repository.ts";

interface Listed {
  readonly processes: readonly {
    readonly taskId: string;
    readonly status: string;
    readonly touching: readonly string[];
  }[];
}

const ids = ["a", "b", "c"];

test("runs what is ready at the same time, and what needs it right after", async () => {
  const repository = testRepository();
  const { hold } = repository;
  const work = (id: string) => ({ id, run: `${hold(id)}; echo ${id} > ${id}.txt` });
  const last = { id: "last", deps: ids, run: "cat a.txt b.txt c.txt > last.txt" };
  const plan = repository.plan([...ids.map(work), last]);

  const dispatch = await repository.start("dispatch", plan, "--json");
  await Promise.all(ids.map(repository.arrival));
  ids.forEach(repository.open);
  const result = await dispatch.ended;

  expect(statuses(result)).toEqual({ a: "done", b: "done", c: "done", last: "done" });
  expect(result.code).toBe(0);
  expect(repository.git("show", "main:last.txt")).toBe("a\nb\nc");
});

test("tells another process who runs and what each claims, and nothing once they ended", async () => {
  const repository = testRepository();
  const { dir, hold } = repository;
  const plan = repository.plan(
    ids.map((id) => ({ id, run: hold(id), touching: [`src/${id}/**`], description: `do ${id}` })),
  );
  const listed = (): Listed => JSON.parse(readFileSync(join(dir, ".ra/processes.json"), "utf8"));

  const dispatch = await repository.start("dispatch", plan, "--json");
  await Promise.all(ids.map(repository.arrival));
  const ps = await repository.ra("ps", "--json");
  const state = (): string => readFileSync(join(dir, ".ra/state.md"), "utf8");
  await until(() => listed().processes.length === 3, "three processes in processes.json");
  const file = listed();
  // One file is replaced after the other.
  const claims = ids.map((id) => `src/${id}/**`);
  await until(() => claims.every((glob) => state().includes(glob)), "three claims in state.md");
  const seen = repository.git("status", "--porcelain", "--ignored=no");
  ids.forEach(repository.open);
  const result = await dispatch.ended;

  const expected = ids.map((id) => ({
    taskId: id,
    status: "running",
    touching: [`src/${id}/**`],
    type: "command",
  }));
  expect(JSON.parse(ps.stdout).processes).toMatchObject(expected);
  expect(file.processes).toMatchObject(expected);
  expect(result.code).toBe(0);
  expect(listed().processes).toEqual([]);
  expect([seen, repository.git("status", "--porcelain")]).toEqual(["", ""]);
  expect(eventsOf(result, "attempt.finished")).toHaveLength(3);
});
