import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nextCommit } from "./commits.ts";
import { commitFiles, makeRepository, write } from "./fixture.ts";

describe("a repository", () => {
  test("runs none of the user's hooks", async () => {
    const fixture = makeRepository();
    const mark = join(fixture.dir, "../mark");
    for (const hook of ["post-merge", "post-checkout", "reference-transaction", "pre-commit"]) {
      const path = join(fixture.dir, ".git/hooks", hook);
      mkdirSync(join(fixture.dir, ".git/hooks"), { recursive: true });
      writeFileSync(path, `#!/bin/sh\ntouch ${mark}\nexit 1\n`);
      chmodSync(path, 0o755);
    }
    const repository = await fixture.open();
    const from = fixture.head();
    const to = await nextCommit(fixture, repository, { "a.txt": "b\n" });

    const published = await repository.publish({ target: "main", from, to });

    expect(published).toEqual({ kind: "landed" });
    expect(existsSync(mark)).toBe(false);
  });

  test("knows branch, detached HEAD, tips and revisions", async () => {
    const fixture = makeRepository();
    fixture.git("tag", "-a", "v1", "-m", "one");
    fixture.git("branch", "feature/x");
    fixture.git("pack-refs", "--all");
    const repository = await fixture.open();

    expect(await repository.currentBranch()).toBe("main");
    expect(await repository.branchTip("feature/x")).toBe(fixture.head());
    expect(await repository.branchTip("gone")).toBeNull();
    expect(await repository.resolve("v1")).toBe(fixture.head());
    await expect(repository.resolve("--gone")).rejects.toMatchObject({ code: "GIT_NO_REVISION" });
    fixture.git("checkout", "-q", "--detach");
    expect(await repository.currentBranch()).toBeNull();
  });

  test("is read from a linked worktree with its own HEAD", async () => {
    const fixture = makeRepository();
    const linked = join(fixture.dir, "../linked");
    fixture.git("worktree", "add", "-q", "-b", "side", linked);
    const tip = commitFiles(fixture, { "b.txt": "b" });
    const repository = await fixture.open(linked);

    expect(await repository.currentBranch()).toBe("side");
    expect(await repository.resolve("HEAD")).toBe(fixture.git("rev-parse", "side"));
    expect(await repository.branchTip("main")).toBe(tip);
  });

  test("without a commit says how to make one", async () => {
    const fixture = makeRepository({});
    const repository = await fixture.open();

    const resolved = repository.resolve("HEAD");

    await expect(resolved).rejects.toMatchObject({ code: "GIT_NO_COMMITS", exitCode: 6 });
    expect(await repository.currentBranch()).toBe("main");
  });

  test("without a known author is refused with the two commands", async () => {
    const fixture = makeRepository();
    fixture.git("config", "--unset", "user.email");

    const opened = fixture.open();

    await expect(opened).rejects.toMatchObject({ code: "GIT_NO_IDENTITY", exitCode: 6 });
  });

  test("pins only below its own names", async () => {
    const fixture = makeRepository();
    const repository = await fixture.open();

    await repository.pin("refs/ra/r7k2/chain", fixture.head());
    await repository.pin("ra/r7k2", fixture.head());

    expect(fixture.git("rev-parse", "refs/ra/r7k2/chain")).toBe(fixture.head());
    expect(fixture.git("rev-parse", "refs/heads/ra/r7k2")).toBe(fixture.head());
    const foreign = repository.pin("refs/heads/main", fixture.head());
    await expect(foreign).rejects.toThrow("only refs of ra's own");
  });

  test("is dirty by tracked files and the index alone", async () => {
    const fixture = makeRepository();
    const repository = await fixture.open();
    const clean = await repository.dirty();
    write(fixture.dir, { "untracked.txt": "u" });
    const untracked = await repository.dirty();
    write(fixture.dir, { "a.txt": "x" });

    const dirty = await repository.dirty();

    expect([clean, untracked, dirty]).toEqual([false, false, true]);
  });

  test("gives a throw-away checkout", async () => {
    const fixture = makeRepository();
    const repository = await fixture.open();

    const scratch = await repository.openScratch("r7k2", fixture.head());

    expect(readFileSync(join(scratch.path, "a.txt"), "utf8")).toBe("a\n");
    await scratch.close();
    expect(existsSync(scratch.path)).toBe(false);
  });
});
