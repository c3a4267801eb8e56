import { describe, expect, test } from "bun:test";
import { chmodSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { strayPaths } from "../../core/workspace/faithful.ts";
import type { Merge } from "../../core/workspace/workspace.ts";
import {
  commitFiles,
  type Fixture,
  filesOf,
  gitIn,
  makeRepository,
  request,
  resultOf,
  write,
} from "./fixture.ts";

const text = Array.from({ length: 20 }, (_, i) => `line ${i}\n`).join("");
const files = { "a.txt": text, "b.txt": "b\n", "dir/c.txt": "c\n" };

type Work = (dir: string) => void;

interface Merged {
  readonly fixture: Fixture;
  readonly merge: Merge;
  /** Files of the merged tree; empty on a conflict. */
  readonly files: Record<string, string>;
}

/** Merges what two tasks did to the same base, the second on top of the first. */
async function mergeOf(first: Work, second: Work, start = files): Promise<Merged> {
  const fixture = makeRepository(start);
  const repository = await fixture.open();
  const base = fixture.head();
  const ours = await resultOf(repository, request(fixture, { task: "one" }), first);
  const theirs = await resultOf(repository, request(fixture, { task: "two" }), second);
  const merge = await repository.merge({ base, ours, theirs });
  return { fixture, merge, files: merge.kind === "clean" ? filesOf(fixture, merge.tree) : {} };
}

const edit =
  (path: string, from: string, to: string): Work =>
  (dir) =>
    write(dir, { [path]: text.replace(from, to) });

describe("a merge is clean for", () => {
  test("edits far apart in one file", async () => {
    const { files } = await mergeOf(
      edit("a.txt", "line 1\n", "one\n"),
      edit("a.txt", "line 18\n", "two\n"),
    );

    expect(files["a.txt"]).toContain("one\n");
    expect(files["a.txt"]).toContain("two\n");
  });

  test("an edit of a file that the other side renamed", async () => {
    const move: Work = (dir) => renameSync(join(dir, "a.txt"), join(dir, "moved.txt"));
    const change = edit("a.txt", "line 1\n", "one\n");

    const results = [await mergeOf(move, change), await mergeOf(change, move)];

    for (const { files } of results) {
      expect(files["moved.txt"]).toContain("one\n");
      expect(files["a.txt"]).toBeUndefined();
    }
  });

  test("the executable bit on one side and content on the other", async () => {
    const { files } = await mergeOf(
      (dir) => chmodSync(join(dir, "a.txt"), 0o755),
      edit("a.txt", "line 1\n", "one\n"),
    );

    expect(files["a.txt"]).toStartWith("100755 line 0\none\n");
  });

  test("a file that became a symlink, and CRLF beside LF", async () => {
    const { files } = await mergeOf(
      (dir) => {
        rmSync(join(dir, "b.txt"));
        symlinkSync("a.txt", join(dir, "b.txt"));
      },
      (dir) => write(dir, { "crlf.txt": "x\r\ny\r\n" }),
    );

    expect(files["b.txt"]).toBe("120000 a.txt");
    expect(files["crlf.txt"]).toBe("100644 x\r\ny");
  });

  test("the same change on both sides, and nothing on one", async () => {
    const change = edit("a.txt", "line 1\n", "one\n");

    const results = [await mergeOf(change, change), await mergeOf(change, () => undefined)];

    for (const { files } of results) expect(files["a.txt"]).toContain("one\n");
  });
});

describe("a merge is a conflict for", () => {
  const conflicts: readonly [string, Work, Work, readonly string[]][] = [
    [
      "edits of the same line",
      edit("a.txt", "line 1\n", "x\n"),
      edit("a.txt", "line 1\n", "y\n"),
      ["a.txt"],
    ],
    [
      "a deletion beside an edit",
      (d) => rmSync(join(d, "a.txt")),
      edit("a.txt", "line 1\n", "y\n"),
      ["a.txt"],
    ],
    [
      "two binary versions",
      (d) => writeFileSync(join(d, "b.txt"), "\0a"),
      (d) => writeFileSync(join(d, "b.txt"), "\0b"),
      ["b.txt"],
    ],
    ["two new files of one name", (d) => write(d, { n: "1" }), (d) => write(d, { n: "2" }), ["n"]],
    [
      "two links of one name",
      (d) => symlinkSync("a", join(d, "n")),
      (d) => symlinkSync("b", join(d, "n")),
      ["n"],
    ],
    [
      "CRLF beside an edit",
      (d) => write(d, { "b.txt": "b\r\n" }),
      (d) => write(d, { "b.txt": "B\n" }),
      ["b.txt"],
    ],
  ];

  for (const [title, first, second, paths] of conflicts) {
    test(title, async () => {
      const { merge } = await mergeOf(first, second);

      expect(merge).toEqual({ kind: "conflict", paths });
    });
  }

  test("a directory where the other side has a file", async () => {
    const { merge } = await mergeOf(
      (d) => write(d, { n: "file" }),
      (d) => write(d, { "n/x": "in it" }),
    );

    expect(merge).toEqual({ kind: "conflict", paths: ["n"] });
  });

  test("several paths, named once each and sorted", async () => {
    const work =
      (word: string): Work =>
      (d) =>
        write(d, { "z z.txt": word, "b.txt": word, "dir/c.txt": word, "ü\n": word });

    const { merge } = await mergeOf(work("1"), work("2"));

    expect(merge).toEqual({ kind: "conflict", paths: ["b.txt", "dir/c.txt", "z z.txt", "ü\n"] });
  });
});

describe("a merge", () => {
  test("keeps a sibling's work when the agent's history has it and its tree has not", async () => {
    const fixture = makeRepository(files);
    const repository = await fixture.open();
    const base = fixture.head();
    const ours = commitFiles(fixture, { "sibling.txt": "s\n", "b.txt": "B\n" });
    const theirs = await resultOf(repository, request(fixture, { base }), (dir) => {
      write(dir, { "mine.txt": "m\n" });
      gitIn(dir, fixture.env, "add", "-A");
      gitIn(dir, fixture.env, "commit", "-qm", "mine");
      gitIn(dir, fixture.env, "merge", "-q", "-s", "ours", "-m", "lie", ours);
    });

    const merge = await repository.merge({ base, ours, theirs });

    expect(merge.kind).toBe("clean");
    const merged = filesOf(fixture, (merge as { tree: string }).tree);
    expect(merged["sibling.txt"]).toBe("100644 s");
    expect(merged["b.txt"]).toBe("100644 B");
    expect(merged["mine.txt"]).toBe("100644 m");
  });

  test("takes commits whose own histories lie as the trees they are", async () => {
    const fixture = makeRepository(files);
    const repository = await fixture.open();
    const base = fixture.head();
    const honest = await resultOf(repository, request(fixture), (dir) =>
      write(dir, { "mine.txt": "m\n" }),
    );
    const ours = commitFiles(fixture, { "sibling.txt": "s\n" });
    const liar = fixture.git("commit-tree", `${honest}^{tree}`, "-p", ours, "-m", "lie");

    const merge = await repository.merge({ base, ours, theirs: liar });

    expect(merge.kind).toBe("clean");
    const merged = filesOf(fixture, (merge as { tree: string }).tree);
    expect(merged).toMatchObject({ "sibling.txt": "100644 s", "mine.txt": "100644 m" });
  });

  test("does not read attributes from the user's checkout but from the base", async () => {
    const work = (word: string): Work => edit("a.txt", "line 1\n", `${word}\n`);
    const fixture = makeRepository(files);
    const repository = await fixture.open();
    const base = fixture.head();
    const ours = await resultOf(repository, request(fixture, { task: "one" }), work("x"));
    const theirs = await resultOf(repository, request(fixture, { task: "two" }), work("y"));
    write(fixture.dir, { ".gitattributes": "* merge=union\n" });

    const merge = await repository.merge({ base, ours, theirs });
    const union = await mergeOf(work("x"), work("y"), {
      ...files,
      ".gitattributes": "a.txt merge=union\n",
    } as typeof files);

    expect(merge.kind).toBe("conflict");
    expect(union.files["a.txt"]).toContain("x\ny\n");
  });

  test("of four tasks in any order gives one tree", async () => {
    const fixture = makeRepository(files);
    const repository = await fixture.open();
    const base = fixture.head();
    const results = await Promise.all(
      [1, 6, 11, 16].map((line) =>
        resultOf(
          repository,
          request(fixture, { task: `t${line}` }),
          edit("a.txt", `line ${line}\n`, `task ${line}\n`),
        ),
      ),
    );
    const chain = async (order: readonly string[]): Promise<string> => {
      let tip = base;
      for (const theirs of order) {
        const merge = await repository.merge({ base, ours: tip, theirs });
        if (merge.kind !== "clean") throw new Error("a conflict was not expected");
        tip = await repository.commit({ tree: merge.tree, parent: tip, message: "task" });
      }
      return await repository.tree(tip);
    };

    const trees = [await chain(results), await chain(results.toReversed())];

    expect(trees[0]).toBe(trees[1]!);
  });
});

describe("strayPaths", () => {
  const change = (status: string, path: string) => ({
    path,
    status,
    oldMode: "100644",
    newMode: "100644",
    oldId: "1",
    newId: "2",
  });

  test("names a path that a merge changed without being asked to", () => {
    const strays = strayPaths([change("D", "x"), change("M", "a")], [change("M", "a")], []);

    expect(strays).toEqual(["x"]);
  });

  test("lets a change follow a rename of the other side", () => {
    const other = [change("D", "a"), change("A", "moved")];

    const strays = strayPaths([change("M", "moved")], [change("M", "a")], other);

    expect(strays).toEqual([]);
  });

  test("does not take an unrelated addition for a rename", () => {
    const other = [change("D", "b"), change("A", "moved")];

    const strays = strayPaths([change("M", "moved")], [change("M", "a")], other);

    expect(strays).toEqual(["moved"]);
  });
});
