import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import {
  commitFiles,
  filesOf,
  gitIn,
  listing,
  makeRepository,
  openWorkspace,
  request,
  write,
} from "./fixture.ts";

describe("a clone", () => {
  test("is byte for byte what a fresh checkout is", async () => {
    const fixture = makeRepository({
      ".gitattributes": "*.crlf eol=crlf\n*.bin -text\n",
      "win.crlf": "a\nb\n",
      "x.bin": "\0\r\n",
      "dir/with space/ü.txt": "u\n",
    });
    write(fixture.dir, { "run.sh": "#!/bin/sh\n" });
    chmodSync(join(fixture.dir, "run.sh"), 0o755);
    symlinkSync("run.sh", join(fixture.dir, "link"));
    commitFiles(fixture, {});
    const fresh = join(fixture.dir, "../fresh");
    fixture.git("clone", "-q", ".", fresh);
    const repository = await fixture.open();

    const workspace = await openWorkspace(repository, fixture);

    expect(listing(workspace.path, "", [".git"])).toEqual(listing(fresh, "", [".git"]));
    expect(gitIn(workspace.path, fixture.env, "status", "--porcelain")).toBe("");
    expect(gitIn(workspace.path, fixture.env, "rev-parse", "HEAD")).toBe(fixture.head());
    expect(gitIn(workspace.path, fixture.env, "branch", "--show-current")).toBe("ra/r7k2/api");
    await workspace.close();
  });

  test("lies outside the repository, and never inside it by configuration", async () => {
    const fixture = makeRepository();
    const { openRepository } = await import("../../core/workspace/repository.ts");
    const { findPlace } = await import("../../core/workspace/place.ts");
    const env = { ...fixture.env, RA_WORKSPACES: join(fixture.dir, "below") };

    const opened = openRepository(findPlace(fixture.dir), { env });

    await expect(opened).rejects.toMatchObject({ code: "WORKSPACES_INSIDE_REPOSITORY" });
  });

  test("opens sixteen at once", async () => {
    const fixture = makeRepository({ "a.txt": "a\n" });
    const repository = await fixture.open();
    const tasks = Array.from({ length: 16 }, (_, i) => `t${i}`);

    const workspaces = await Promise.all(
      tasks.map((task) => openWorkspace(repository, fixture, { task })),
    );

    const snapshots = await Promise.all(
      workspaces.map(async (workspace, i) => {
        write(workspace.path, { [`f${i}`]: `${i}` });
        return await workspace.snapshot("work");
      }),
    );
    expect(new Set(snapshots.map((snapshot) => snapshot!.commit)).size).toBe(16);
    await Promise.all(workspaces.map((workspace) => workspace.close()));
    await repository.tidy("r7k2");
    expect(existsSync(join(fixture.workspaces))).toBe(true);
    expect(fixture.git("for-each-ref", "refs/ra").split("\n")).toHaveLength(16);
  });

  test("sets aside what a crash left in its place", async () => {
    const fixture = makeRepository();
    const first = await openWorkspace(await fixture.open(), fixture);
    write(first.path, { "unsaved.txt": "work" });

    const second = await openWorkspace(await fixture.open(), fixture);

    expect(existsSync(join(second.path, "unsaved.txt"))).toBe(false);
    const leftovers = join(second.path, "../../leftovers");
    const [kept] = readdirSync(leftovers);
    expect(existsSync(join(leftovers, kept!, "unsaved.txt"))).toBe(true);
    await second.close();
  });

  test("is taken up again after a crash with its work", async () => {
    const fixture = makeRepository();
    const lost = await openWorkspace(await fixture.open(), fixture);
    write(lost.path, { "unsaved.txt": "work" });
    const repository = await fixture.open();

    const workspace = await repository.adopt(request(fixture));

    const snapshot = await workspace!.snapshot("work");
    expect(filesOf(fixture, snapshot!.commit)["unsaved.txt"]).toBe("100644 work");
    await workspace!.close();
  });

  test("leaves nothing of a finished run behind but unsaved work", async () => {
    const fixture = makeRepository();
    const repository = await fixture.open();
    const closed = await openWorkspace(repository, fixture);
    const open = await openWorkspace(repository, fixture, { task: "lost" });
    write(open.path, { "unsaved.txt": "work" });
    await closed.close();

    await repository.tidy("r7k2");

    const root = join(open.path, "../..");
    expect(readdirSync(root)).toEqual(["leftovers"]);
    const [kept] = readdirSync(join(root, "leftovers"));
    expect(existsSync(join(root, "leftovers", kept!, "unsaved.txt"))).toBe(true);
    expect(readdirSync(join(fixture.dir, ".git/ra/control.git/indexes"))).toEqual([]);
  });

  test("works for sha256 and shallow repositories", async () => {
    const source = makeRepository({ "a.txt": "1\n" });
    commitFiles(source, { "a.txt": "2\n" });
    const sha256 = makeRepository({ "a.txt": "a\n" }, ["--object-format=sha256"]);
    const shallow = makeRepository({});
    shallow.git("fetch", "-q", "--depth=1", `file://${source.dir}`, "main");
    shallow.git("reset", "-q", "--hard", "FETCH_HEAD");

    for (const fixture of [sha256, shallow]) {
      const repository = await fixture.open();
      const workspace = await openWorkspace(repository, fixture);
      write(workspace.path, { "b.txt": "b" });
      const snapshot = await workspace.snapshot("work");
      const ours = commitFiles(fixture, { "c.txt": "c" });
      const input = { base: workspace.base!, ours, theirs: snapshot!.commit };
      const merged = await repository.merge(input);

      expect(merged.kind).toBe("clean");
      expect(await repository.currentBranch()).toBe("main");
      expect(await repository.branchTip("main")).toBe(ours);
      expect(gitIn(workspace.path, fixture.env, "log", "--oneline").split("\n")).toHaveLength(1);
      await workspace.close();
    }
  });

  test("carries submodules as the commits their HEAD names", async () => {
    const inner = makeRepository();
    const fixture = makeRepository();
    const allow = ["-c", "protocol.file.allow=always"];
    fixture.git(...allow, "submodule", "--quiet", "add", inner.dir, "sub");
    commitFiles(fixture, {});
    const next = commitFiles(inner, { "b.txt": "b" });
    const repository = await fixture.open();
    const workspace = await openWorkspace(repository, fixture);
    const untouched = await workspace.snapshot("work");
    const inside = [...allow, "submodule", "--quiet", "update", "--init"];
    gitIn(workspace.path, fixture.env, ...inside);
    gitIn(join(workspace.path, "sub"), fixture.env, "fetch", "-q", inner.dir, "main");
    gitIn(join(workspace.path, "sub"), fixture.env, "checkout", "-q", next);

    const snapshot = await workspace.snapshot("work");

    expect(untouched!.unchanged).toBe(true);
    expect(filesOf(fixture, snapshot!.commit).sub).toBe(`160000 ${next}`);
    await workspace.close();
  });
});
