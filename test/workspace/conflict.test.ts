import { describe, expect, test } from "bun:test";
import { readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Conflicted } from "../../core/workspace/workspace.ts";
import { filesOf, makeRepository, request, resultOf, write } from "./fixture.ts";

const labels = { ours: "landed/one,two", theirs: "task/three" };

type Work = (dir: string) => void;

/** Two results of one base, and their conflict. */
async function conflictOf(files: Record<string, string>, ours: Work, theirs: Work) {
  const fixture = makeRepository(files);
  const repository = await fixture.open();
  const base = fixture.head();
  const one = await resultOf(repository, request(fixture, { task: "one" }), ours);
  const three = await resultOf(repository, request(fixture, { task: "three" }), theirs);
  const found = await repository.conflicted({ base, ours: one, theirs: three, labels });
  return { fixture, repository, base, one, three, found };
}

function opened(found: Conflicted): Extract<Conflicted, { kind: "conflict" }> {
  if (found.kind !== "conflict") throw new Error(JSON.stringify(found));
  return found;
}

const writes =
  (files: Record<string, string>): Work =>
  (dir) =>
    write(dir, files);

test("lines in conflict stand in their file, with the base and labels that name the tasks", async () => {
  const { fixture, one, found } = await conflictOf(
    { "a.txt": "top\nmiddle\nend\n", "b.txt": "b\n" },
    writes({ "a.txt": "top\nONE\nend\n" }),
    writes({ "a.txt": "top\nTHREE\nend\n", "b.txt": "b of three\n" }),
  );

  const { commit, paths, ledger } = opened(found);
  const files = filesOf(fixture, commit);
  const lines = (files["a.txt"] ?? "").split("\n");
  expect(fixture.git("rev-parse", `${commit}^`)).toBe(one);
  expect(lines.filter((line) => !line.startsWith("|||||||"))).toEqual([
    "100644 top",
    "<<<<<<< landed/one,two",
    "ONE",
    "middle",
    "=======",
    "THREE",
    ">>>>>>> task/three",
    "end",
  ]);
  expect([files["b.txt"], files[ledger]]).toEqual(["100644 b of three", "100644 "]);
  expect(paths).toEqual([
    {
      path: "a.txt",
      sides: [],
      base: "top\nmiddle\nend\n",
      ours: "top\nONE\nend\n",
      theirs: "top\nTHREE\nend\n",
    },
  ]);
});

test("bytes that are no UTF-8 go through as they are", async () => {
  const bytes = (word: string): Buffer => Buffer.from(`caf\u00e9 ${word}\nline\n`, "latin1");
  const { fixture, found } = await conflictOf(
    { "a.txt": "x\nline\n" },
    (dir) => writeFileSync(join(dir, "a.txt"), bytes("one")),
    (dir) => writeFileSync(join(dir, "a.txt"), bytes("three")),
  );

  const raw = Bun.spawnSync(["git", "cat-file", "blob", `${opened(found).commit}:a.txt`], {
    cwd: fixture.dir,
    env: fixture.env,
  });
  const text = raw.stdout.toString("latin1");
  expect(text).toContain("caf\u00e9 one\n");
  expect(text).toContain("caf\u00e9 three\n");
});

describe("a conflict that lines cannot show gives each side a file of its own", () => {
  test("for a binary", async () => {
    const { fixture, found } = await conflictOf(
      { "logo.png": "\0base" },
      writes({ "logo.png": "\0one" }),
      writes({ "logo.png": "\0three" }),
    );

    const { commit, paths } = opened(found);
    expect(Object.keys(filesOf(fixture, commit)).sort()).toEqual([
      ".ra-dropped-lines",
      "logo.png.ra-landed",
      "logo.png.ra-task",
    ]);
    expect(fixture.git("cat-file", "blob", `${commit}:logo.png.ra-task`)).toBe("\0three");
    expect(paths).toMatchObject([{ path: "logo.png", base: null, ours: null, theirs: null }]);
  });

  test("for a file that one side changed and the other removed", async () => {
    const { fixture, found } = await conflictOf(
      { "a.txt": "a\n", "b.txt": "b\n" },
      (dir) => rmSync(join(dir, "a.txt")),
      writes({ "a.txt": "a\nthree\n" }),
    );

    const { commit, paths } = opened(found);
    expect(filesOf(fixture, commit)).toEqual({
      ".ra-dropped-lines": "100644 ",
      "a.txt.ra-task": "100644 a\nthree",
      "b.txt": "100644 b",
    });
    expect(paths).toEqual([
      { path: "a.txt", sides: ["a.txt.ra-task"], base: "a\n", ours: null, theirs: "a\nthree\n" },
    ]);
  });

  test("for a file that both renamed, each to another name", async () => {
    const long = Array.from({ length: 20 }, (_, at) => `line ${at}\n`).join("");
    const { fixture, found } = await conflictOf(
      { "a.txt": long },
      (dir) => renameSync(join(dir, "a.txt"), join(dir, "one.txt")),
      (dir) => renameSync(join(dir, "a.txt"), join(dir, "three.txt")),
    );

    const { commit, paths } = opened(found);
    expect(Object.keys(filesOf(fixture, commit)).sort()).toEqual([
      ".ra-dropped-lines",
      "one.txt.ra-landed",
      "three.txt.ra-task",
    ]);
    expect(paths.map(({ path, sides }) => [path, ...sides])).toEqual([
      ["a.txt"],
      ["one.txt", "one.txt.ra-landed"],
      ["three.txt", "three.txt.ra-task"],
    ]);
  });

  test("for a file and a directory of one name", async () => {
    const { fixture, found } = await conflictOf(
      { "b.txt": "b\n" },
      writes({ "x/deep.txt": "one\n" }),
      writes({ x: "three\n" }),
    );

    const { commit, paths } = opened(found);
    const [only] = paths;
    expect(paths).toHaveLength(1);
    expect(only?.sides).toEqual([`${only?.path}.ra-task`]);
    expect(filesOf(fixture, commit)).toMatchObject({
      "x/deep.txt": "100644 one",
      [`${only?.path}.ra-task`]: "100644 three",
    });
  });

  test("for links that lead to different places", async () => {
    const linked =
      (target: string): Work =>
      (dir) => {
        rmSync(join(dir, "link"), { force: true });
        symlinkSync(target, join(dir, "link"));
      };
    const { fixture, found } = await conflictOf({ link: "x\n" }, linked("one"), linked("three"));

    expect(filesOf(fixture, opened(found).commit)).toMatchObject({
      "link.ra-landed": "120000 one",
      "link.ra-task": "120000 three",
    });
  });
});

test("a name that looks like an instruction to git is a name", async () => {
  const path = ":(glob)*/[a] b.txt";
  const { fixture, found } = await conflictOf(
    { [path]: "base\n" },
    writes({ [path]: "one\n" }),
    (dir) => rmSync(join(dir, path)),
  );

  const { commit, paths } = opened(found);
  expect(paths[0]).toMatchObject({ path, sides: [`${path}.ra-landed`], ours: "one\n" });
  expect(filesOf(fixture, commit)[`${path}.ra-landed`]).toBe("100644 one");
});

test("what an agent cannot decide in files is refused with the reason", async () => {
  const { found } = await conflictOf(
    { "a.txt": "a\n", ".ra-dropped-lines": "of the project\n" },
    writes({ "a.txt": "one\n" }),
    writes({ "a.txt": "three\n" }),
  );

  expect(found).toEqual({
    kind: "undecidable",
    reason: "`.ra-dropped-lines` exists, and `ra` needs that name",
  });
});

test("results that merge are no conflict", async () => {
  const { found } = await conflictOf(
    { "a.txt": "a\n" },
    writes({ b: "b\n" }),
    writes({ c: "c\n" }),
  );

  expect(found).toEqual({ kind: "clean" });
});

test("nothing but objects is left behind", async () => {
  const { fixture } = await conflictOf(
    { "a.txt": "a\n" },
    writes({ "a.txt": "one\n" }),
    writes({ "a.txt": "three\n" }),
  );

  expect(readdirSync(join(fixture.dir, ".git/ra/control.git/indexes"))).toEqual([]);
  const refs = fixture.git("for-each-ref", "--format=%(refname)").split("\n");
  expect(refs).toEqual(["refs/heads/main", "refs/ra/r7k2/one/1", "refs/ra/r7k2/three/1"]);
});

test("an answer is put on the tip without the files that are no part of it", async () => {
  const { fixture, repository, one, found } = await conflictOf(
    { "a.txt": "a\n" },
    writes({ "a.txt": "one\n" }),
    writes({ "a.txt": "three\n" }),
  );
  const { commit, ledger } = opened(found);
  const answer = await resultOf(
    repository,
    request(fixture, { task: "three", attempt: 2, base: commit }),
    writes({ "a.txt": "both\n", [ledger]: "one\nthree\n" }),
  );

  const result = await repository.replant({ commit: answer, parent: one, without: [ledger] });

  expect(fixture.git("rev-parse", `${result}^`)).toBe(one);
  expect(filesOf(fixture, result)).toEqual({ "a.txt": "100644 both" });
  expect([...(await repository.texts(answer, [ledger, "a.txt", "none"]))]).toEqual([
    [ledger, "one\nthree\n"],
    ["a.txt", "both\n"],
  ]);
});
