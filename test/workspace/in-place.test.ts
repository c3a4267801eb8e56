import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  commitFiles,
  digest,
  type Fixture,
  filesOf,
  gitIn,
  makeRepository,
  request,
  write,
} from "./fixture.ts";

const inPlace = (fixture: Fixture, base?: string) =>
  request(fixture, { isolation: "in-place", ...(base === undefined ? {} : { base }) });

/** The user's files and index, without what `ra` keeps for itself. */
function checkoutState(fixture: Fixture): string {
  const git = digest(join(fixture.dir, ".git"), ["ra", "objects", "refs"]);
  return digest(fixture.dir, [".git"]) + git;
}

describe("a checkout in place", () => {
  test("takes untracked files into the base and not into the result", async () => {
    const fixture = makeRepository({ "a.txt": "a\n" });
    write(fixture.dir, { "plan.yaml": "version: 1\n" });
    const repository = await fixture.open();
    const workspace = await repository.open(inPlace(fixture));
    write(workspace.path, { "new.txt": "n", "a.txt": "b\n" });

    const snapshot = await workspace.snapshot("work");

    expect(snapshot!.changes.map(({ path }) => path)).toEqual(["a.txt", "new.txt"]);
    expect(fixture.git("rev-parse", `${workspace.base}^`)).toBe(fixture.head());
    const merge = await repository.merge({
      base: workspace.base!,
      ours: fixture.head(),
      theirs: snapshot!.commit,
    });
    const merged = filesOf(fixture, (merge as { tree: string }).tree);
    expect(merged).toEqual({ "a.txt": "100644 b", "new.txt": "100644 n" });
    await workspace.restore();
    await workspace.close();
  });

  test("is put back byte for byte, ignored files left alone", async () => {
    const fixture = makeRepository({ "a.txt": "a\n", "b/c.txt": "c\n", ".gitignore": "*.log\n" });
    write(fixture.dir, { "mine.txt": "mine", "keep.log": "log" });
    const repository = await fixture.open();
    const before = checkoutState(fixture);
    const workspace = await repository.open(inPlace(fixture));
    write(workspace.path, { "a.txt": "x", "new/deep.txt": "n", "mine.txt": "overwritten" });
    rmSync(join(workspace.path, "b"), { recursive: true });
    await workspace.snapshot("work");

    await workspace.restore();
    await workspace.close();

    expect(checkoutState(fixture)).toBe(before);
    expect(fixture.git("status", "--porcelain")).toBe("?? mine.txt");
  });

  test("keeps what came after the snapshot when it is put back", async () => {
    const fixture = makeRepository();
    const repository = await fixture.open();
    const workspace = await repository.open(inPlace(fixture));
    write(workspace.path, { "a.txt": "late" });

    await workspace.restore();

    expect(filesOf(fixture, "refs/ra/r7k2/api/1.left")["a.txt"]).toBe("100644 late");
    expect(readFileSync(join(fixture.dir, "a.txt"), "utf8")).toBe("a\n");
    await workspace.close();
  });

  test("is refused while tracked files differ from HEAD, and not touched", async () => {
    const fixture = makeRepository();
    write(fixture.dir, { "a.txt": "mine" });
    const repository = await fixture.open();
    const before = checkoutState(fixture);

    const opened = repository.open(inPlace(fixture));

    await expect(opened).rejects.toMatchObject({ code: "CHECKOUT_UNFIT", exitCode: 6 });
    expect(checkoutState(fixture)).toBe(before);
  });

  test("is moved on to a base that is ahead of HEAD, and back", async () => {
    const fixture = makeRepository();
    write(fixture.dir, { "plan.yaml": "p" });
    const start = fixture.head();
    fixture.git("checkout", "-q", "-b", "chain");
    write(fixture.dir, { "b.txt": "b" });
    fixture.git("add", "b.txt");
    fixture.git("commit", "-q", "-m", "ahead");
    const ahead = fixture.head();
    fixture.git("checkout", "-q", "main");
    const repository = await fixture.open();

    const workspace = await repository.open(inPlace(fixture, ahead));

    expect(readFileSync(join(fixture.dir, "b.txt"), "utf8")).toBe("b");
    expect((await workspace.snapshot("work"))!.unchanged).toBe(true);
    await workspace.restore();
    await workspace.close();
    expect(fixture.head()).toBe(start);
    expect(existsSync(join(fixture.dir, "b.txt"))).toBe(false);
    expect(fixture.git("status", "--porcelain")).toBe("?? plan.yaml");
  });

  test("is put back after a crash", async () => {
    const fixture = makeRepository();
    write(fixture.dir, { "mine.txt": "mine" });
    const lost = await (await fixture.open()).open(inPlace(fixture));
    write(lost.path, { "a.txt": "x", "mine.txt": "y" });
    const repository = await fixture.open();

    const workspace = await repository.adopt(inPlace(fixture));

    const snapshot = await workspace!.snapshot("work");
    expect(filesOf(fixture, snapshot!.commit)["a.txt"]).toBe("100644 x");
    await workspace!.restore();
    await workspace!.close();
    expect(readFileSync(join(fixture.dir, "mine.txt"), "utf8")).toBe("mine");
    expect(fixture.git("status", "--porcelain")).toBe("?? mine.txt");
  });

  test("lands without a file being written, untracked files kept", async () => {
    const fixture = makeRepository({ "a.txt": "a\n", "b.txt": "b\n" });
    write(fixture.dir, { "plan.yaml": "p" });
    const repository = await fixture.open();
    const from = fixture.head();
    const workspace = await repository.open(inPlace(fixture));
    write(workspace.path, { "a.txt": "x\n", "new.txt": "n" });
    rmSync(join(workspace.path, "b.txt"));
    const snapshot = await workspace.snapshot("work");
    await workspace.close();
    const input = { base: workspace.base!, ours: from, theirs: snapshot!.commit };
    const merge = await repository.merge(input);
    const tree = (merge as { tree: string }).tree;
    const to = await repository.commit({ tree, parent: from, message: "dispatch: task" });
    const before = digest(fixture.dir, [".git"]);

    const published = await repository.publish({ target: "main", from, to, inPlace: true });

    expect(published).toEqual({ kind: "landed" });
    expect(fixture.head()).toBe(to);
    expect(digest(fixture.dir, [".git"])).toBe(before);
    expect(fixture.git("status", "--porcelain")).toBe("?? plan.yaml");
  });

  test("does not land when the files are not those of the result", async () => {
    const fixture = makeRepository();
    const repository = await fixture.open();
    const from = fixture.head();
    fixture.git("checkout", "-q", "-b", "other");
    const to = commitFiles(fixture, { "a.txt": "x" });
    fixture.git("checkout", "-q", "main");
    write(fixture.dir, { "a.txt": "y" });
    const before = checkoutState(fixture);

    const published = await repository.publish({ target: "main", from, to, inPlace: true });

    expect(published.kind).toBe("refused");
    expect(checkoutState(fixture)).toBe(before);
  });

  test("leaves the user's nested repositories and submodules as they are", async () => {
    const fixture = makeRepository();
    write(fixture.dir, { "vendor/v.txt": "v" });
    gitIn(join(fixture.dir, "vendor"), fixture.env, "init", "-q");
    const repository = await fixture.open();
    const before = digest(join(fixture.dir, "vendor"));
    const workspace = await repository.open(inPlace(fixture));
    write(workspace.path, { "a.txt": "x" });

    const snapshot = await workspace.snapshot("work");
    await workspace.restore();

    expect(Object.keys(filesOf(fixture, snapshot!.commit))).toEqual(["a.txt"]);
    expect(digest(join(fixture.dir, "vendor"))).toBe(before);
    await workspace.close();
  });

  test("is not to be had in a bare repository", async () => {
    const fixture = makeRepository();
    fixture.git("config", "core.bare", "true");
    const repository = await fixture.open();

    const opened = repository.open(inPlace(fixture, await repository.resolve("main")));

    await expect(opened).rejects.toMatchObject({ code: "CHECKOUT_UNFIT" });
  });
});
