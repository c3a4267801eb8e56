import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClashFinder, type Progress } from "../core/workspace/clash.ts";
import { bindGit } from "../core/workspace/git.ts";
import { findPlace } from "../core/workspace/place.ts";
import { openRepository } from "../core/workspace/repository.ts";
import { git, type History, makeHistory } from "./history.ts";
import { median } from "./ratio.ts";

/**
 * The look for conflicts between tasks at work: from the commit of each to the pairs that will not merge. All tasks have
 * changed since the last look, and every eighth pair of neighbours works on one file. Against one merge a pair.
 */
const [rounds = 9, count = 64, directories = 100] = process.argv.slice(2).map(Number);

const top = mkdtempSync(join(tmpdir(), "ra-foresight-"));
try {
  const made = makeHistory(join(top, "made"), count, directories);
  const tasks = progressOf(made);
  const repository = await openRepository(findPlace(join(top, "made")), {
    env: { ...process.env, RA_WORKSPACES: join(top, "workspaces") },
  });
  const control = bindGit(join(top, "made"), process.env, { GIT_DIR: join(top, "made") });
  const all: number[] = [];
  const again: number[] = [];
  let found = 0;
  for (let round = 0; round <= rounds; round++) {
    const finder = new ClashFinder(control);
    const look = async (): Promise<number> => {
      const started = performance.now();
      await using merger = repository.merger(tasks.flatMap(({ base, commit }) => [base, commit]));
      found = (await finder.find(merger, tasks, made.base)).length;
      return performance.now() - started;
    };
    const [first, second] = [await look(), await look()];
    // The first round warms the caches and does not count.
    if (round === 0) continue;
    all.push(first);
    again.push(second);
  }
  await repository.tidy("bench");
  process.stdout.write(
    `${count} tasks at work on ${made.files} files: a look at all ${median(all).toFixed(0)} ms ` +
      `(${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)}), at none that changed ` +
      `${median(again).toFixed(0)} ms; ${found} clashes\n`,
  );
} finally {
  rmSync(top, { recursive: true, force: true });
}

/** Every eighth task changes the file of the one before it as well, so that some pairs have to be merged. */
function progressOf(made: History): readonly Progress[] {
  return made.results.map(({ task, base, commit }, i) => {
    const neighbour = made.results[i - 1];
    if (i % 8 !== 0 || !neighbour) return { task: task.id, base, commit };
    const tree = git(join(top, "made"), "merge-tree", "--write-tree", commit, neighbour.commit);
    const both = git(
      join(top, "made"),
      "commit-tree",
      tree.split("\n")[0]!,
      "-p",
      base,
      "-m",
      "both",
    );
    return { task: task.id, base, commit: both };
  });
}
