import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { BaseAttributes } from "../../core/workspace/attributes.ts";
import { bindGit } from "../../core/workspace/git.ts";
import { MergeProcess } from "../../core/workspace/merge-process.ts";
import type { GitRepository } from "../../core/workspace/workspace.ts";
import {
  commitFiles,
  type Fixture,
  filesOf,
  makeRepository,
  request,
  resultOf,
  tryGit,
  write,
} from "./fixture.ts";

const text = Array.from({ length: 20 }, (_, i) => `line ${i}\n`).join("");

/** Results of tasks that each change one line of a file. */
async function edits(
  fixture: Fixture,
  repository: GitRepository,
  lines: readonly number[],
): Promise<string[]> {
  const results: string[] = [];
  for (const line of lines) {
    const work = (dir: string): void =>
      write(dir, { "a.txt": text.replace(`line ${line}\n`, `task ${line}\n`) });
    results.push(await resultOf(repository, request(fixture, { task: `t${line}` }), work));
  }
  return results;
}

/** Merges results one on top of the other and commits each. */
async function chain(
  repository: GitRepository,
  base: string,
  results: readonly string[],
): Promise<string[]> {
  await using merger = repository.merger([base, ...results]);
  const commits: string[] = [];
  for (const theirs of results) {
    const parent = commits.at(-1) ?? base;
    const merge = await merger.merge({ base, ours: parent, theirs });
    if (merge.kind !== "clean") throw new Error(`a conflict in ${merge.paths.join()}`);
    commits.push(await merger.commit({ tree: merge.tree, parent, message: "task" }));
  }
  return commits;
}

function has(fixture: Fixture, id: string): boolean {
  const done = Bun.spawnSync(["git", "cat-file", "-e", id], { cwd: fixture.dir, env: fixture.env });
  return done.exitCode === 0;
}

describe("merges that follow each other", () => {
  test("leave nothing in the user's store until they are kept", async () => {
    const fixture = makeRepository({ "a.txt": text });
    const repository = await fixture.open();
    const results = await edits(fixture, repository, [1, 6, 11, 16]);
    const objects = (): string => fixture.git("count-objects", "-v");
    const before = objects();

    const commits = await chain(repository, fixture.head(), results);
    const during = objects();
    await repository.pin("refs/ra/r7k2/_tip", commits[1]!);

    expect(during).toBe(before);
    expect(commits.map((id) => has(fixture, id))).toEqual([true, true, false, false]);
    expect(filesOf(fixture, commits[1]!)["a.txt"]).toContain("task 1\nline 2");
    fixture.git("fsck", "--full", "--strict");
  });

  test("keep what a workspace starts from, and what is published", async () => {
    const fixture = makeRepository({ "a.txt": text });
    const repository = await fixture.open();
    const base = fixture.head();
    const commits = await chain(repository, base, await edits(fixture, repository, [1, 6]));

    const workspace = await repository.open(request(fixture, { base: commits[0]! }));
    const published = await repository.publish({ target: "main", from: base, to: commits[1]! });

    expect(published).toEqual({ kind: "landed" });
    expect(Bun.file(join(workspace.path, "a.txt")).text()).resolves.toContain("task 1\n");
    expect(fixture.git("status", "--porcelain")).toBe("");
    await workspace.close();
  });

  test("that are many go to the user's store as one pack", async () => {
    const fixture = makeRepository({ "a.txt": text });
    const repository = await fixture.open();
    const base = fixture.head();
    await using merger = repository.merger([]);
    let tip = base;
    for (let i = 0; i < 60; i++) {
      const tree = await repository.tree(i % 2 === 0 ? base : tip);
      tip = await merger.commit({ tree, parent: tip, message: `number ${i}` });
    }

    await repository.pin("refs/ra/r7k2/_tip", tip);
    const few = readdirSync(join(fixture.dir, ".git/objects/pack")).length;
    for (let i = 0; i < 120; i++) {
      tip = await merger.commit({
        tree: await repository.tree(base),
        parent: tip,
        message: `${i}`,
      });
    }
    await repository.pin("refs/ra/r7k2/_tip", tip);

    expect(few).toBe(0);
    expect(readdirSync(join(fixture.dir, ".git/objects/pack")).length).toBeGreaterThan(0);
    expect(fixture.git("rev-list", "--count", "refs/ra/r7k2/_tip")).toBe("181");
    fixture.git("fsck", "--full", "--strict");
  });

  test("are kept in a repository that lacks an object of its own", async () => {
    const fixture = makeRepository({ "a.txt": text });
    const repository = await fixture.open();
    const [edited] = await edits(fixture, repository, [1]);
    const large = await resultOf(repository, request(fixture, { task: "large" }), (dir) =>
      write(dir, { large: "not in a snapshot" }),
    );
    const id = fixture.git("rev-parse", `${large}:large`);
    rmSync(join(fixture.dir, ".git/objects", id.slice(0, 2), id.slice(2)));
    const [, tip] = await chain(repository, fixture.head(), [edited!, large]);

    await repository.pin("refs/ra/r7k2/_tip", tip!);

    expect(fixture.git("ls-tree", "--name-only", "refs/ra/r7k2/_tip")).toBe("a.txt\nlarge");
    expect(fixture.git("show", "refs/ra/r7k2/_tip:a.txt")).toContain("task 1\n");
  });

  test("can be checked out for a check before they are kept", async () => {
    const fixture = makeRepository({ "a.txt": text });
    const repository = await fixture.open();
    const base = fixture.head();
    const [commit] = await chain(repository, base, await edits(fixture, repository, [1]));

    const scratch = await repository.openScratch("r7k2", commit!);

    expect(Bun.file(join(scratch.path, "a.txt")).text()).resolves.toContain("task 1\n");
    tryGit(scratch.path, fixture.env, "commit", "--allow-empty", "-qm", "of a check");
    expect(has(fixture, commit!)).toBe(false);
    await scratch.close();
  });

  test("throw away what an earlier process of the same place left", async () => {
    const fixture = makeRepository({ "a.txt": text });
    const top = join(fixture.dir, ".git/ra/quarantine");
    mkdirSync(join(top, "999999999.1.dead/info"), { recursive: true });
    const repository = await fixture.open();

    await chain(repository, fixture.head(), await edits(fixture, repository, [1]));

    expect(existsSync(join(top, "999999999.1.dead"))).toBe(false);
    await repository.tidy("r7k2");
    expect(readdirSync(top)).toEqual([]);
  });
});

describe("one git for many merges", () => {
  test("gives what a git for each gives, also where stdbuf is missing or does not help", async () => {
    const fixture = makeRepository({ "a.txt": text });
    const repository = await fixture.open();
    const [one, far, near] = await Promise.all([
      ...(await edits(fixture, repository, [1, 16])),
      resultOf(repository, request(fixture, { task: "near" }), (dir) =>
        write(dir, { "a.txt": text.replace("line 1\n", "near\n") }),
      ),
    ]);
    const silent = join(fixture.dir, "../bin");
    write(silent, { stdbuf: "#!/bin/sh\nshift\nexec cat >/dev/null\n" });
    chmodSync(join(silent, "stdbuf"), 0o755);
    const path = fixture.env.PATH;
    const gits = [
      { env: fixture.env, version: [2, 39] },
      { env: fixture.env, version: [2, 38] },
      { env: { ...fixture.env, PATH: `${silent}:${path}` }, version: [2, 39] },
    ] as const;

    const answers = [];
    for (const { env, version } of gits) {
      const git = bindGit(fixture.dir, env);
      await using process = new MergeProcess(git, {}, version, 50);
      answers.push([await process.merge(one!, far!), await process.merge(one!, near!)]);
    }

    expect(answers[0]).toEqual([
      { clean: true, tree: expect.any(String), paths: [] },
      { clean: false, tree: expect.any(String), paths: ["a.txt"] },
    ]);
    expect(answers[1]).toEqual(answers[0]!);
    expect(answers[2]).toEqual(answers[0]!);
  });
});

describe("attributes of a merge", () => {
  test("are those of the base in every directory, and none that a result brings", async () => {
    const fixture = makeRepository({ "a.txt": text, "deep/b.txt": text });
    const nested = { "deep/.gitattributes": "*.txt merge=union\n" };
    const start = commitFiles(fixture, nested);
    const repository = await fixture.open();
    const result = (task: string, path: string, more: Record<string, string> = {}) =>
      resultOf(repository, request(fixture, { task, base: start }), (dir) =>
        write(dir, { [path]: text.replace("line 1\n", `${task}\n`), ...more }),
      );
    const union = { ".gitattributes": "* merge=union\n" };

    const deep = await repository.merge({
      base: start,
      ours: await result("one", "deep/b.txt"),
      theirs: await result("two", "deep/b.txt"),
    });
    const planted = await repository.merge({
      base: start,
      ours: await result("three", "a.txt", union),
      theirs: await result("four", "a.txt", union),
    });

    expect(deep.kind).toBe("clean");
    expect(planted).toEqual({ kind: "conflict", paths: ["a.txt"] });
  });

  test("that are the same for two bases are written once", async () => {
    const fixture = makeRepository({ ".gitattributes": "*.x binary\n" });
    const dir = join(fixture.dir, "../attributes");
    const attributes = new BaseAttributes(bindGit(fixture.dir, fixture.env), dir);
    const first = fixture.git("rev-parse", "HEAD^{tree}");
    commitFiles(fixture, { "more.txt": "m" });

    const places = [
      await attributes.of(first),
      await attributes.of(fixture.git("rev-parse", "HEAD^{tree}")),
    ];

    expect(places[0]).toBe(places[1]!);
    expect(readdirSync(dir)).toHaveLength(1);
  });
});
