import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commitFiles, type Fixture, makeRepository, request } from "./fixture.ts";

function refs(fixture: Fixture): string {
  return fixture.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/ra");
}

test("a workspace that is set aside when it is closed keeps its base", async () => {
  const fixture = makeRepository();
  const repository = await fixture.open();
  const base = fixture.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "of the run alone");
  const workspace = await repository.open(request(fixture, { base }));
  writeFileSync(join(workspace.path, ".git", "index"), "no index");
  await workspace.snapshot("work");

  await workspace.close();

  expect(refs(fixture)).toBe(`refs/ra/r7k2/api/1.aside ${base}`);
});

test("a workspace that recovery sets aside keeps its base, and others lose it", async () => {
  const fixture = makeRepository();
  const repository = await fixture.open();
  const [aside, empty] = [request(fixture), request(fixture, { task: "ui", attempt: 2 })];
  for (const each of [aside, empty]) await repository.open(each);
  const found = await repository.abandoned("r7k2");

  await repository.clearAbandoned("r7k2", {
    empty: found.filter(({ task }) => task === "ui"),
    open: new Set(),
  });

  expect(refs(fixture)).toBe(`refs/ra/r7k2/api/1.aside ${aside.base}`);
  const [root = ""] = readdirSync(fixture.workspaces);
  expect(readdirSync(join(fixture.workspaces, root, "leftovers"))).toHaveLength(1);
});

test("recovery removes a worktree that git made half, and none of the user's", async () => {
  const fixture = makeRepository();
  commitFiles(fixture, { "b.txt": "b" });
  const repository = await fixture.open();
  fixture.git("worktree", "add", "-q", "--detach", join(fixture.dir, "..", "gone"));
  const list = join(fixture.dir, ".git", "worktrees");
  // Its directory is on a disk that is not there now, say: `git worktree prune` would forget it.
  writeFileSync(join(list, "gone", "gitdir"), "/nowhere/gone/.git\n");
  for (const [name, reason] of [
    ["api", "ra r7k2"],
    ["mine", "on a stick"],
    ["other", "ra zzzz"],
  ] as const) {
    mkdirSync(join(list, name));
    writeFileSync(join(list, name, "locked"), `${reason}\n`);
  }
  // Killed before it had written why it locks, or while it did.
  for (const name of ["a3.2", "a3.3", "a3.4"]) mkdirSync(join(list, name));
  writeFileSync(join(list, "a3.3", "locked"), "");
  // Or before it had written where the worktree is.
  writeFileSync(join(list, "a3.4", "locked"), "ra r7k2\n");
  writeFileSync(join(list, "a3.4", "gitdir"), "");

  await repository.clearAbandoned("r7k2", { empty: [], open: new Set() });

  expect(readdirSync(list).sort()).toEqual(["gone", "mine", "other"]);
  expect(existsSync(join(list, "gone", "HEAD"))).toBe(true);
});

test("a lock that a killed git left on a ref of the run is gone before its work is kept, however young it is", async () => {
  const fixture = makeRepository();
  const before = await fixture.open();
  const attempt = request(fixture);
  const { path } = await before.open(attempt);
  writeFileSync(join(path, "work.txt"), "work");
  const own = join(fixture.dir, ".git", "refs", "ra", "r7k2", "api");
  const foreign = join(fixture.dir, ".git", "refs", "ra", "zzzz");
  mkdirSync(foreign, { recursive: true });
  for (const lock of [join(own, "1.lock"), join(foreign, "1.lock")]) writeFileSync(lock, "");

  const repository = await fixture.open();
  await repository.mend("r7k2");
  const workspace = await repository.adopt(attempt);
  const snapshot = await workspace?.snapshot("left");

  expect(refs(fixture)).toContain(`refs/ra/r7k2/api/1 ${snapshot?.commit}`);
  expect([own, foreign].map((dir) => existsSync(join(dir, "1.lock")))).toEqual([false, true]);
});
