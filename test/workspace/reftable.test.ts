import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bindGit } from "../../core/workspace/git.ts";
import { Refs } from "../../core/workspace/refs.ts";
import { StoreFlush } from "../../core/workspace/store-flush.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { commitFiles, gitIn, makeRepository, request, resultOf, tryGit, write } from "./fixture.ts";

const inTables = ["--ref-format=reftable"];

/** Git keeps refs in tables from 2.45 on. */
const canTables = ((): boolean => {
  const dir = temporaryDirectory();
  return Bun.spawnSync(["git", "init", "-q", ...inTables, dir]).exitCode === 0;
})();

test("a store beside tables, which have files in the place of directories, is flushed", async () => {
  const dir = temporaryDirectory();
  mkdirSync(join(dir, "objects", "pack"), { recursive: true });
  write(dir, { HEAD: "ref: refs/heads/.invalid\n", "refs/heads": "tables\n" });

  const done = await new StoreFlush(dir).flush();

  expect(done).toBeUndefined();
});

test("the lock on the list of tables is marked while git moves or deletes a ref, below refs/ra as well", async () => {
  const fixture = makeRepository();
  const commonDir = join(fixture.dir, ".git");
  const stateDir = join(commonDir, "ra");
  const marks: string[] = [];
  const user = bindGit(commonDir, fixture.env, { GIT_DIR: commonDir });
  const watched: typeof user = {
    ...user,
    attempt: async (args, call) => {
      for (const name of args[0] === "update-ref" ? readdirSync(stateDir) : []) {
        marks.push(await Bun.file(join(stateDir, name)).text());
      }
      return await user.attempt(args, call);
    },
  };
  const own = { user: watched, commonDir, gitDir: commonDir, stateDir };
  const refs = new Refs({ ...own, sha256: false, reftable: true });
  mkdirSync(join(commonDir, "reftable"));

  await refs.set("refs/ra/r7k2/api/1", fixture.head());
  await refs.remove("refs/ra/r7k2/api/1");

  const lock = join(commonDir, "reftable", "tables.list.lock");
  expect(marks).toEqual([lock, lock]);
});

describe.skipIf(!canTables)("a repository on reftable", () => {
  const files = { "a.txt": "a\n" };

  test("gives workspaces to sixteen at once, and lands beside what its user has open", async () => {
    const fixture = makeRepository({ ...files, "mine.txt": "m\n" }, inTables);
    write(fixture.dir, { "mine.txt": "mine\n" });
    const repository = await fixture.open();
    const from = fixture.head();
    const tasks = Array.from({ length: 16 }, (_, index) => `t${index}`);

    const results = await Promise.all(
      tasks.map((task) =>
        resultOf(repository, request(fixture, { task }), (dir) => write(dir, { [task]: task })),
      ),
    );
    const to = results[0] ?? "";
    const published = await repository.publish({ target: "main", from, to });
    const elsewhere = await repository.publish({ target: "main", from, to: results[1] ?? "" });

    expect([published.kind, elsewhere.kind]).toEqual(["landed", "moved"]);
    expect([await repository.currentBranch(), fixture.head()]).toEqual(["main", to]);
    expect(fixture.git("status", "--porcelain")).toBe("M mine.txt");
    expect(fixture.git("for-each-ref", "--format=%(objectname)", "refs/ra").split("\n")).toEqual(
      expect.arrayContaining(results),
    );
  });

  test("is not landed in when its user goes to another branch meanwhile", async () => {
    const fixture = makeRepository(files, inTables);
    const repository = await fixture.open();
    const from = fixture.head();
    const to = await resultOf(repository, request(fixture), (dir) => write(dir, { "b.txt": "b" }));
    fixture.git("checkout", "-q", "-b", "side");

    const published = await repository.publish({ target: "main", from, to });

    expect(published.kind).toBe("landed");
    expect([fixture.head(), fixture.git("rev-parse", "main")]).toEqual([from, to]);
    expect(fixture.git("status", "--porcelain")).toBe("");
  });
});

describe.skipIf(!canTables)("what an agent left in tables alone", () => {
  const kept = "refs/ra/r7k2/api/1.git";

  test.each(["clone", "worktree"] as const)("is kept from a %s", async (isolation) => {
    const fixture = makeRepository({ "a.txt": "a\n" }, isolation === "clone" ? [] : inTables);
    const repository = await fixture.open();
    const workspace = await repository.open(request(fixture, { isolation }));
    const git = (...args: string[]): string => gitIn(workspace.path, fixture.env, ...args);
    git("checkout", "-q", "--detach");
    write(workspace.path, { "aside.txt": "aside\n" });
    git("add", "-A");
    git("commit", "-q", "-m", "aside");
    const aside = git("rev-parse", "HEAD");
    git("reset", "-q", "--hard", "HEAD~1");
    if (isolation === "clone") git("refs", "migrate", "--ref-format=reftable");

    const snapshot = await workspace.snapshot("work");
    await workspace.close();

    expect(snapshot?.notes.join()).not.toContain("could not");
    expect(fixture.git("log", "--format=%H", kept).split("\n")).toContain(aside);
  });

  test("is the commit of a submodule", async () => {
    const fixture = makeRepository();
    const module = makeRepository({ "m.txt": "m\n" });
    const allow = ["-c", "protocol.file.allow=always"];
    fixture.git(...allow, "submodule", "add", "-q", module.dir, "sub");
    fixture.git("commit", "-q", "-m", "with a submodule");
    const repository = await fixture.open();
    let made = "";

    const commit = await resultOf(repository, request(fixture), (dir) => {
      const sub = join(dir, "sub");
      rmSync(sub, { recursive: true, force: true });
      mkdirSync(sub);
      gitIn(sub, fixture.env, "init", "-q", "-b", "main", ...inTables);
      writeFileSync(join(sub, "new.txt"), "new\n");
      gitIn(sub, fixture.env, "add", "-A");
      const who = ["-c", "user.name=Eve", "-c", "user.email=eve@example.com"];
      gitIn(sub, fixture.env, ...who, "commit", "-q", "-m", "new");
      made = gitIn(sub, fixture.env, "rev-parse", "HEAD");
    });

    expect(fixture.git("ls-tree", commit, "sub")).toContain(made);
  });

  test("is told of where the tables are damaged", async () => {
    const fixture = makeRepository();
    const repository = await fixture.open();
    const workspace = await repository.open(request(fixture));
    tryGit(workspace.path, fixture.env, "refs", "migrate", "--ref-format=reftable");
    commitFiles(fixture, { "b.txt": "b\n" });
    const tables = join(workspace.path, ".git", "reftable");
    const [table = ""] = readdirSync(tables).filter((name) => name.endsWith(".ref"));
    renameSync(join(tables, table), join(tables, "gone"));

    const snapshot = await workspace.snapshot("work");
    await workspace.close();

    expect(snapshot?.notes.join()).toContain("tables that the git of ra cannot read");
  });
});
