import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { GitRepository, WorkspaceRequest } from "../../core/workspace/workspace.ts";
import { nextCommit } from "./commits.ts";
import { commitFiles, digest, type Fixture, makeRepository, request, write } from "./fixture.ts";

const text = Array.from({ length: 20 }, (_, i) => `line ${i}\n`).join("");
const files = { "a.txt": text, "b.txt": text, "dir/c.txt": "c\n" };

/** A workspace in which a task has written files. */
async function atWork(
  fixture: Fixture,
  repository: GitRepository,
  task: string,
  written: Record<string, string>,
  base = fixture.head(),
): Promise<WorkspaceRequest & { readonly path: string }> {
  const wanted = request(fixture, { task, base });
  const { path } = await repository.open(wanted);
  write(path, written);
  return { ...wanted, path };
}

const edit = (line: number, word: string): string => text.replace(`line ${line}\n`, `${word}\n`);

describe("a look at tasks at work", () => {
  test("names each pair that will not merge, and only those", async () => {
    const fixture = makeRepository(files);
    const repository = await fixture.open();
    const tasks = [
      await atWork(fixture, repository, "one", { "a.txt": edit(3, "one") }),
      await atWork(fixture, repository, "two", { "a.txt": edit(3, "two") }),
      await atWork(fixture, repository, "far", { "a.txt": edit(17, "far") }),
      await atWork(fixture, repository, "other", { "b.txt": edit(3, "other"), new: "n" }),
      await atWork(fixture, repository, "file", { dir2: "a file" }),
      await atWork(fixture, repository, "below", { "dir2/x": "below it" }),
      await atWork(fixture, repository, "idle", {}),
    ];
    await using lookout = repository.lookout();

    const clashes = await lookout.look(tasks, fixture.head());

    expect(clashes).toEqual([
      { task: "one", with: "two", paths: ["a.txt"] },
      { task: "file", with: "below", paths: ["dir2"] },
    ]);
  });

  test("names what has landed since a task started, and tells a later start from it", async () => {
    const fixture = makeRepository(files);
    const repository = await fixture.open();
    const early = await atWork(fixture, repository, "early", { "a.txt": edit(3, "early") });
    const tip = commitFiles(fixture, { "a.txt": edit(3, "landed"), "b.txt": edit(9, "landed") });
    const late = await atWork(fixture, repository, "late", { "b.txt": edit(3, "late") }, tip);
    const both = await atWork(
      fixture,
      repository,
      "both",
      { "b.txt": edit(3, "both") },
      early.base,
    );
    await using lookout = repository.lookout();

    const clashes = await lookout.look([early, late, both], tip);

    expect(clashes).toEqual([
      { task: "early", with: null, paths: ["a.txt"] },
      { task: "late", with: "both", paths: ["b.txt"] },
    ]);
  });

  test("sees what changed since the last one", async () => {
    const fixture = makeRepository(files);
    const repository = await fixture.open();
    const one = await atWork(fixture, repository, "one", { "a.txt": edit(3, "one") });
    const two = await atWork(fixture, repository, "two", {});
    await using lookout = repository.lookout();
    const look = () => lookout.look([one, two], fixture.head());

    const first = await look();
    write(two.path, { "a.txt": edit(3, "two") });
    const second = await look();
    write(two.path, { "a.txt": text });
    const third = await look();

    expect([first.length, second.length, third.length]).toEqual([0, 1, 0]);
  });

  test("leaves no trace in the workspaces or in the user's repository", async () => {
    const fixture = makeRepository(files);
    const repository = await fixture.open();
    const tip = await nextCommit(fixture, repository, { "b.txt": edit(1, "landed") }, "done");
    await repository.pin("refs/ra/r7k2/_tip", tip);
    const tasks = [
      await atWork(fixture, repository, "one", { "a.txt": edit(3, "one"), "b.txt": "x" }),
      await atWork(fixture, repository, "two", { "a.txt": edit(3, "two"), "n/m": "new" }),
    ];
    const state = () => [
      digest(join(fixture.dir, ".git"), ["ra"]),
      ...tasks.map(({ path }) => digest(path)),
    ];
    const before = state();
    await using lookout = repository.lookout();

    const clashes = await lookout.look(tasks, tip);

    expect(clashes).toHaveLength(2);
    expect(state()).toEqual(before);
  });

  test("passes over a workspace that is gone and one that git stumbles over", async () => {
    const fixture = makeRepository(files);
    const repository = await fixture.open();
    const one = await atWork(fixture, repository, "one", { "a.txt": edit(3, "one") });
    const two = await atWork(fixture, repository, "two", { "a.txt": edit(3, "two") });
    const nested = await atWork(fixture, repository, "nested", { "a.txt": edit(3, "nested") });
    Bun.spawnSync(["git", "init", "-q", "inner"], { cwd: nested.path, env: fixture.env });
    await using lookout = repository.lookout();

    const clashes = await lookout.look(
      [one, { ...two, task: "gone" }, nested, two],
      fixture.head(),
    );

    expect(clashes).toEqual([{ task: "one", with: "two", paths: ["a.txt"] }]);
  });
});
