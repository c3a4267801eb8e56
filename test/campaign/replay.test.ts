import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../support/leftovers.ts";
import { type Finished, root, runProgram } from "../support/program.ts";
import { digest } from "../workspace/fixture.ts";
import { conflicts, makePair, nearMisses } from "./conflict-pairs.ts";
import { writeTree } from "./files.ts";
import type { ObjectFormat } from "./object-store.ts";
import { campaign, Random } from "./random.ts";
import { makeScratch, type Scratch, writeRef } from "./scratch.ts";

const { seed } = campaign("replay", 1);
const kinds = [...Object.keys(conflicts), ...Object.keys(nearMisses)];
const limitMs = 120_000;

/** Runs the script as a person would. */
function replay(...args: string[]): Promise<Finished> {
  const argv = [process.execPath, join(root, "test/replay.ts"), ...args];
  return runProgram(argv, { cwd: temporaryDirectory("ra-replay-cwd") });
}

/** A merge commit of two commits on a base of their own, kept by a branch. */
function addMerge(scratch: Scratch, kind: string, number: number): string {
  const { store, gitDir } = scratch;
  const pair = makePair(kind, new Random("replay", seed, number), `m${number}`);
  const base = store.commit({ tree: writeTree(store, pair.base), message: kind });
  const parents = [pair.ours, pair.theirs].map((files) =>
    store.commit({ tree: writeTree(store, files), parents: [base], message: kind }),
  );
  const merge = store.commit({ tree: writeTree(store, pair.ours), parents, message: kind });
  writeRef(gitDir, `refs/heads/merge-${number}`, merge);
  return merge;
}

/** A repository with one merge of each of the kinds. */
async function withMerges(wanted: readonly string[], format: ObjectFormat = "sha1") {
  const scratch = await makeScratch(temporaryDirectory("ra-replay-test"), { format });
  const merges = wanted.map((kind, i) => addMerge(scratch, kind, i));
  return { scratch, merges };
}

describe("replaying a repository", () => {
  test(
    "finds every kind of merge as plain git has it, and leaves the repository alone",
    async () => {
      const { scratch } = await withMerges(kinds);
      const before = digest(scratch.gitDir);

      const done = await replay(scratch.gitDir);

      const [conflicting, clean] = [conflicts, nearMisses].map((of) => Object.keys(of).length);
      expect(done.out).toContain(
        `merges ${kinds.length}, clean ${clean}, conflicts ${conflicting}, ` +
          `equal ${kinds.length}, different 0, violations 0`,
      );
      expect(done.code).toBe(0);
      expect(digest(scratch.gitDir)).toBe(before);
    },
    limitMs,
  );

  test(
    "takes checkouts and ids of 64 digits, and a merge whose parent is the base",
    async () => {
      const wanted = ["lines far apart", "the same line", "rename/edit"];
      const { scratch, merges } = await withMerges(wanted, "sha256");
      const [old, tip] = merges as [string, string];
      const tree = writeTree(scratch.store, new Map([["x", { mode: "100644", data: "x" }]]));
      const next = scratch.store.commit({ tree, parents: [old] });
      const merge = scratch.store.commit({ tree, parents: [old, next] });
      writeRef(scratch.gitDir, "refs/heads/main", merge);
      const checkout = join(scratch.top, "checkout");
      await scratch.plain.run(["clone", "-q", scratch.gitDir, checkout]);

      const done = await replay(checkout);

      expect(tip).toHaveLength(64);
      expect(done.out).toContain("merges 4, clean 3, conflicts 1, equal 4, different 0");
      expect(done.code).toBe(0);
    },
    limitMs,
  );

  test(
    "takes one base of several, and counts what it cannot replay",
    async () => {
      const { scratch, merges } = await withMerges(["lines far apart", "mode/edit", "two renames"]);
      const { store, gitDir } = scratch;
      const [one, two, lost] = merges as [string, string, string];
      const tree = writeTree(store, new Map([["y", { mode: "100644", data: "y" }]]));
      const start = store.commit({ tree });
      const left = store.commit({ tree, parents: [start], message: "left" });
      const right = store.commit({ tree, parents: [start], message: "right" });
      const cross = [left, right].map((side, i) =>
        store.commit({ tree, parents: [side, i === 0 ? right : left], message: `cross ${i}` }),
      );
      writeRef(gitDir, "refs/heads/cross", store.commit({ tree, parents: cross }));
      writeRef(gitDir, "refs/heads/octopus", store.commit({ tree, parents: [one, two, start] }));
      writeRef(gitDir, "refs/heads/strangers", store.commit({ tree, parents: [one, start] }));
      const gone = await scratch.plain.run(["rev-parse", `${lost}^2:noise`]);
      rmSync(join(gitDir, "objects", gone.slice(0, 2), gone.trim().slice(2)));

      const done = await replay(gitDir);

      expect(done.out).toContain("merges 5, clean 5, conflicts 0, equal 5, different 0");
      expect(done.out).toContain("without a base 1, objects missing 1, octopus 1");
      expect(done.code).toBe(0);
    },
    limitMs,
  );

  test(
    "takes the newest merges, or a sample that a seed draws",
    async () => {
      const { scratch } = await withMerges(["lines far apart", "two renames", "the same edit"]);

      const newest = await replay(scratch.gitDir, "--max", "1");
      const sample = await replay(scratch.gitDir, "--max", "2", "--seed", "7");

      expect(newest.out).toContain("merges 1, ");
      expect(sample.out).toContain("merges 2, ");
      expect(sample.err).toContain("3 merges with two parents, replaying 2, seed 7");
    },
    limitMs,
  );

  test("says how it is called", async () => {
    const [help, none, odd] = await Promise.all([
      replay("--help"),
      replay(),
      replay("x", "--max", "many"),
    ]);

    expect([help.code, none.code, odd.code]).toEqual([0, 2, 2]);
    expect(help.out).toStartWith("usage: npm run replay -- PATH [--max N] [--seed S]");
    expect(none.err).toContain("one PATH is wanted");
    expect(odd.err).toContain("--max wants a number");
  });
});
