import { describe, expect, test } from "bun:test";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Snapshot } from "../../core/workspace/workspace.ts";
import { type Fixture, filesOf, gitIn, makeRepository, openWorkspace, write } from "./fixture.ts";

const files = { "a.txt": "a\n", ".gitignore": "*.log\nout/\n.env\n" };

async function snapshotWith(
  fixture: Fixture,
  keep: readonly string[],
  work: (dir: string) => void,
): Promise<Snapshot> {
  const repository = await fixture.open();
  const workspace = await openWorkspace(repository, fixture, { keep });
  work(workspace.path);
  const snapshot = await workspace.snapshot("work");
  await workspace.close();
  return snapshot!;
}

describe("`keep`", () => {
  test("takes the ignored files along that match, and tells of the others", async () => {
    const fixture = makeRepository(files);

    const snapshot = await snapshotWith(fixture, ["out/**", "!out/cache/**", ".env"], (dir) => {
      write(dir, { "out/app.js": "js", "out/cache/x": "x", ".env": "A=1", "x.log": "x" });
      write(dir, { "out/:(top)*": "odd" });
    });

    const added = snapshot.changes.map(({ path }) => path).sort();
    expect(added).toEqual([".env", "out/:(top)*", "out/app.js"]);
    expect(filesOf(fixture, snapshot.commit)[".env"]).toBe("100644 A=1");
    expect(snapshot.notes).toEqual(["`out/cache/`, `x.log`: ignored by git and not in the result"]);
  });

  test("takes names along that are no UTF-8", async () => {
    const fixture = makeRepository(files);

    const snapshot = await snapshotWith(fixture, ["*.log"], (dir) =>
      writeFileSync(Buffer.from(`${dir}/na\xefve.log`, "latin1"), "n"),
    );

    expect(
      fixture.git("-c", "core.quotePath=true", "show", "--name-only", "--format=", snapshot.commit),
    ).toBe('"na\\357ve.log"');
  });

  test("takes files of a repository in an ignored directory along, without its history", async () => {
    const fixture = makeRepository(files);

    const snapshot = await snapshotWith(fixture, ["out/**"], (dir) => {
      write(dir, { "out/lib/x": "x" });
      gitIn(join(dir, "out/lib"), fixture.env, "init", "-q");
    });

    expect(snapshot.changes.map(({ path }) => path)).toEqual(["out/lib/x"]);
  });

  // Root reads everything.
  test.skipIf(process.getuid?.() === 0)("keeps the rest when a file cannot be read", async () => {
    const fixture = makeRepository(files);

    const snapshot = await snapshotWith(fixture, ["*.log"], (dir) => {
      write(dir, { "a.log": "a", "b.log": "b" });
      chmodSync(join(dir, "a.log"), 0o000);
    });

    expect(snapshot.changes.map(({ path }) => path)).toEqual(["b.log"]);
    expect(snapshot.notes.join()).toContain("a.log");
  });

  test("takes nothing of a checkout in place that was there before", async () => {
    const fixture = makeRepository(files);
    write(fixture.dir, { ".env": "SECRET=1" });
    const repository = await fixture.open();
    const wanted = { isolation: "in-place", keep: [".env", "*.log"] } as const;
    const workspace = await openWorkspace(repository, fixture, wanted);
    write(workspace.path, { "new.log": "n" });

    const snapshot = await workspace.snapshot("work");

    expect(snapshot!.changes.map(({ path }) => path)).toEqual(["new.log"]);
    await workspace.close();
    rmSync(join(fixture.dir, "new.log"));
  });
});
