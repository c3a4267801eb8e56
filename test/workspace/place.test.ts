import { describe, expect, test } from "bun:test";
import { mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findPlace } from "../../core/workspace/place.ts";
import { onTestEnd, temporaryDirectory } from "../support/leftovers.ts";
import { commitFiles, gitIn, makeRepository, write } from "./fixture.ts";

describe("findPlace", () => {
  test("finds a checkout from a directory inside it", () => {
    const fixture = makeRepository({ "deep/er/x": "x" });
    const dir = realpathSync(fixture.dir);

    const place = findPlace(join(dir, "deep/er"));

    expect(place).toEqual({
      root: dir,
      commonDir: join(dir, ".git"),
      checkout: dir,
      stateDir: join(dir, ".git/ra"),
    });
  });

  test("follows a symlink to the same place", () => {
    const fixture = makeRepository();
    const link = join(temporaryDirectory(), "link");
    symlinkSync(fixture.dir, link);

    const place = findPlace(link);

    expect(place).toEqual(findPlace(fixture.dir));
  });

  test("gives a linked worktree the state of the main checkout", () => {
    const fixture = makeRepository();
    const linked = join(realpathSync(temporaryDirectory()), "linked");
    fixture.git("worktree", "add", "-q", linked);

    const place = findPlace(linked);

    expect(place).toEqual({ ...findPlace(fixture.dir), checkout: linked });
  });

  test("finds a bare repository, and a worktree linked to it", () => {
    const fixture = makeRepository();
    const top = realpathSync(temporaryDirectory());
    const bare = join(top, "bare.git");
    fixture.git("clone", "-q", "--bare", ".", bare);
    gitIn(bare, fixture.env, "worktree", "add", "-q", join(top, "linked"), "main");

    const places = [findPlace(bare), findPlace(join(top, "linked"))];

    const common = { root: bare, commonDir: bare, stateDir: join(bare, "ra") };
    expect(places).toEqual([
      { ...common, checkout: null },
      { ...common, checkout: join(top, "linked") },
    ]);
  });

  test("knows a .git that is set to bare as a place without a checkout", () => {
    const fixture = makeRepository();
    fixture.git("config", "core.bare", "true");

    const place = findPlace(fixture.dir);

    expect(place.checkout).toBeNull();
    expect(place.root).toBe(realpathSync(fixture.dir));
  });

  test("takes a submodule for a repository of its own", () => {
    const fixture = makeRepository();
    const inner = makeRepository();
    const allow = ["-c", "protocol.file.allow=always"];
    fixture.git(...allow, "submodule", "--quiet", "add", inner.dir, "sub");
    commitFiles(fixture, { "b.txt": "b" });
    const dir = realpathSync(fixture.dir);

    const place = findPlace(join(dir, "sub"));

    expect(place).toEqual({
      root: join(dir, "sub"),
      commonDir: join(dir, ".git/modules/sub"),
      checkout: join(dir, "sub"),
      stateDir: join(dir, ".git/modules/sub/ra"),
    });
  });

  test("finds the checkout from inside .git", () => {
    const fixture = makeRepository();

    const place = findPlace(join(fixture.dir, ".git", "refs"));

    expect(place).toEqual(findPlace(fixture.dir));
  });

  test("agrees with git about the common directory whatever GIT_DIR says", () => {
    const fixture = makeRepository();
    process.env.GIT_DIR = "/nowhere";
    onTestEnd(() => {
      delete process.env.GIT_DIR;
    });

    const place = findPlace(fixture.dir);

    const said = fixture.git("rev-parse", "--path-format=absolute", "--git-common-dir");
    expect(place.commonDir).toBe(realpathSync(said));
  });

  test("puts its state beside the plan outside git", () => {
    const dir = realpathSync(temporaryDirectory());

    const place = findPlace(dir);

    expect(place).toEqual({
      root: dir,
      commonDir: null,
      checkout: null,
      stateDir: join(dir, ".ra"),
    });
  });

  test("finds a registry above it outside git", () => {
    const dir = realpathSync(temporaryDirectory());
    write(dir, { ".ra/registry.db": "", "a/b/x": "" });

    const place = findPlace(join(dir, "a/b"));

    expect(place.stateDir).toBe(join(dir, ".ra"));
    expect(place.root).toBe(dir);
  });

  test("walks on past a .git that is no repository", () => {
    const fixture = makeRepository({ "sub/x": "x" });
    mkdirSync(join(fixture.dir, "sub/.git"));

    const place = findPlace(join(fixture.dir, "sub"));

    expect(place).toEqual(findPlace(fixture.dir));
  });

  test("names a .git file that points nowhere", () => {
    const dir = temporaryDirectory();
    writeFileSync(join(dir, ".git"), "gitdir: /gone\n");

    const find = () => findPlace(dir);

    expect(find).toThrow("does not point to a git directory");
  });

  test("finds a repository whose .git was moved away by --separate-git-dir", () => {
    const top = realpathSync(temporaryDirectory());
    const fixture = makeRepository({ "a.txt": "a" }, ["--separate-git-dir", join(top, "store")]);

    const place = findPlace(fixture.dir);

    expect(place.commonDir).toBe(join(top, "store"));
    expect(place.root).toBe(realpathSync(fixture.dir));
    rmSync(top, { recursive: true });
  });
});
