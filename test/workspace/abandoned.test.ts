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

/** A workspace of the second attempt in the directory that all attempts of its task share, its `ra` dead. */
async function lastingLeft() {
  const fixture = makeRepository();
  const repository = await fixture.open();
  const first = await repository.open(request(fixture, { lasting: true }));
  await first.close();
  const second = await repository.open(request(fixture, { attempt: 2, lasting: true }));
  writeFileSync(join(second.path, "made.txt"), "made\n");
  return { fixture, repository, path: second.path, shares: second.path === first.path };
}

test("a directory that lasts is that of the last attempt, and is adopted as such", async () => {
  const { fixture, repository, path, shares } = await lastingLeft();

  const [left, ...more] = await repository.abandoned("r7k2", new Map([["api", 2]]));

  expect([shares, more]).toEqual([true, []]);
  expect(left).toMatchObject({ task: "api", attempt: 2, isFilled: true, lasting: true });
  const base = left?.base ?? "";
  const workspace = await repository.adopt({ ...left!, run: "r7k2", base });
  const snapshot = await workspace?.snapshot("left");
  await workspace?.close();
  expect(workspace?.path).toBe(path);
  expect(fixture.git("rev-parse", "refs/ra/r7k2/api/2")).toBe(snapshot?.commit ?? "");
  expect(existsSync(path)).toBe(false);
});

test("a directory that lasts is set aside in the name of the attempt that had it, by recovery and at the end", async () => {
  const recovered = await lastingLeft();
  const ended = await lastingLeft();

  await recovered.repository.clearAbandoned("r7k2", {
    ...{ empty: [], open: new Set() },
    lasting: new Map([["api", 2]]),
  });
  await ended.repository.tidy("r7k2");

  for (const { fixture, path } of [recovered, ended]) {
    expect(refs(fixture)).toBe(`refs/ra/r7k2/api/2.aside ${fixture.head()}`);
    expect(existsSync(path)).toBe(false);
  }
});
