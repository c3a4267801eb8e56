import { expect, test } from "bun:test";
import { requireFaithful } from "../../core/workspace/faithful.ts";
import { bindGit } from "../../core/workspace/git.ts";
import { DiffProcess } from "../../core/workspace/merge-process.ts";
import { commitFiles, makeRepository } from "./fixture.ts";

test("a merge that reverts a path which its task left alone is a bug, and one that does not is none", async () => {
  const fixture = makeRepository({ "a.txt": "a\n", "b.txt": "b\n" });
  const treeOf = (files: Record<string, string>): string => {
    commitFiles(fixture, files, "state");
    return fixture.git("rev-parse", "HEAD^{tree}");
  };
  const base = fixture.git("rev-parse", "HEAD^{tree}");
  const theirs = treeOf({ "a.txt": "task\n" });
  const merged = treeOf({ "b.txt": "landed\n" });
  const ours = treeOf({ "a.txt": "a\n" });
  await using diffs = new DiffProcess(bindGit(fixture.dir, fixture.env), {});

  await requireFaithful(diffs, { base, ours, theirs, merged });
  const reverting = requireFaithful(diffs, { base, ours, theirs, merged: theirs });

  await expect(reverting).rejects.toThrow("neither side changed: b.txt");
});
