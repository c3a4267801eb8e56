import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Snapshot } from "../../core/workspace/workspace.ts";
import { changeKinds, files } from "./change-kinds.ts";
import { type Fixture, filesOf, gitIn, makeRepository, openWorkspace, write } from "./fixture.ts";
import { nestRepositories } from "./half-done.ts";

async function snapshotOf(
  fixture: Fixture,
  work: (dir: string, fixture: Fixture) => void,
  isolation: "clone" | "worktree" = "clone",
): Promise<Snapshot> {
  const repository = await fixture.open();
  const workspace = await openWorkspace(repository, fixture, { isolation });
  work(workspace.path, fixture);
  const snapshot = await workspace.snapshot("work");
  await workspace.close();
  await repository.tidy("r7k2");
  return snapshot!;
}

describe("a snapshot holds", () => {
  for (const { title, work, expected, told = [] } of changeKinds) {
    test(title, async () => {
      const fixture = makeRepository(files);
      const wanted = filesOf(fixture, "HEAD");

      const snapshot = await snapshotOf(fixture, work);

      for (const [path, entry] of Object.entries(expected)) {
        if (entry === null) delete wanted[path];
        else wanted[path] = entry;
      }
      expect(filesOf(fixture, snapshot.commit)).toEqual(wanted);
      expect(snapshot.changes.map(({ path }) => path).sort()).toEqual(Object.keys(expected).sort());
      for (const part of told) expect(snapshot.notes.join("\n")).toContain(part);
      expect(fixture.git("rev-parse", `${snapshot.commit}^`)).toBe(fixture.head());
      expect(fixture.git("rev-parse", "refs/ra/r7k2/api/1")).toBe(snapshot.commit);
    });
  }
});

describe("a snapshot", () => {
  test("of an untouched workspace is the base and pins nothing", async () => {
    const fixture = makeRepository(files);

    const snapshot = await snapshotOf(fixture, () => undefined);

    expect(snapshot).toMatchObject({ unchanged: true, commit: fixture.head(), changes: [] });
    expect(fixture.git("for-each-ref", "refs/ra")).toBe("");
  });

  test("leaves ignored files and bare directories out and says so", async () => {
    const fixture = makeRepository(files);

    const snapshot = await snapshotOf(fixture, (dir) => {
      write(dir, { "x.log": "x", "out/y": "y" });
      mkdirSync(join(dir, "bare"));
    });

    expect(snapshot.unchanged).toBe(true);
    expect(snapshot.notes).toEqual([
      "`out/`, `x.log`: ignored by git and not in the result",
      "`bare/`: cannot be held by git and not in the result",
    ]);
  });

  test("puts the .git of a nested repository back and notes it", async () => {
    const fixture = makeRepository(files);
    const repository = await fixture.open();
    const workspace = await openWorkspace(repository, fixture);
    nestRepositories(workspace.path, fixture);

    const snapshot = await workspace.snapshot("work");

    expect(statSync(join(workspace.path, "app/.git/HEAD")).isFile()).toBe(true);
    expect(statSync(join(workspace.path, "app/in/.git/HEAD")).isFile()).toBe(true);
    expect(snapshot!.notes.filter((note) => note.startsWith("nested"))).toHaveLength(2);
    await workspace.close();
  });

  test("tells of a repository in an ignored directory as of any ignored file", async () => {
    const fixture = makeRepository(files);

    const snapshot = await snapshotOf(fixture, (dir, { env }) => {
      write(dir, { "out/x": "x", "app/y": "y" });
      for (const path of ["out", "app"]) gitIn(join(dir, path), env, "init", "-q");
    });

    expect(snapshot.notes).toEqual([
      "`out/`: ignored by git and not in the result",
      "nested repository `app`: its files are in the result, its history is not",
    ]);
  });

  test("taken again after more work keeps the first one too", async () => {
    const fixture = makeRepository(files);
    const repository = await fixture.open();
    const workspace = await openWorkspace(repository, fixture);
    write(workspace.path, { "a.txt": "first" });
    const first = await workspace.snapshot("work");
    write(workspace.path, { "a.txt": "second" });

    const second = await workspace.snapshot("work");

    const kept = fixture.git("for-each-ref", "--format=%(objectname)", "refs/ra/r7k2/api");
    expect(kept.split("\n")).toContain(first!.commit);
    expect(fixture.git("rev-parse", "refs/ra/r7k2/api/1")).toBe(second!.commit);
    await workspace.close();
  });

  test("of a directory the agent removed or replaced by a link is refused", async () => {
    const fixture = makeRepository(files);
    const repository = await fixture.open();
    const workspace = await openWorkspace(repository, fixture);
    rmSync(workspace.path, { recursive: true });
    symlinkSync(fixture.dir, workspace.path);

    const taken = workspace.snapshot("work");

    await expect(taken).rejects.toMatchObject({ code: "WORKSPACE_GONE", exitCode: 6 });
    await workspace.close();
    expect(statSync(join(fixture.dir, "a.txt")).isFile()).toBe(true);
  });

  test("keeps all else when a fifo stands where a tracked file was", async () => {
    const fixture = makeRepository(files);

    const snapshot = await snapshotOf(fixture, (dir) => {
      rmSync(join(dir, "b.txt"));
      Bun.spawnSync(["mkfifo", join(dir, "b.txt")]);
      write(dir, { "a.txt": "x", "new.txt": "n" });
    });

    expect(snapshot.changes.map(({ path }) => path)).toEqual(["a.txt", "new.txt"]);
    expect(snapshot.notes.join()).toContain("b.txt: can only add regular files");
  });

  test("works in a linked worktree whose .git is gone", async () => {
    const fixture = makeRepository(files);

    const snapshot = await snapshotOf(
      fixture,
      (dir) => {
        rmSync(join(dir, ".git"));
        write(dir, { "a.txt": "x" });
      },
      "worktree",
    );

    expect(filesOf(fixture, snapshot.commit)["a.txt"]).toBe("100644 x");
    expect(fixture.git("worktree", "list").split("\n")).toHaveLength(1);
  });
});
