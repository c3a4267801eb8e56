import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Chain } from "../core/dispatch/chain.ts";
import { bindGit } from "../core/workspace/git.ts";
import { keeper } from "../core/workspace/identity.ts";
import { writeCommit } from "../core/workspace/loose-object.ts";
import { findPlace } from "../core/workspace/place.ts";
import { openRepository } from "../core/workspace/repository.ts";
import { git, type History, makeHistory } from "./history.ts";
import { median } from "./ratio.ts";

/**
 * Landing many results that wait, from the first merge to the moved branch with everything flushed, against one
 * `git merge-tree --write-tree` process per result and nothing else.
 */
const [rounds = 7, count = 256, directories = 100] = process.argv.slice(2).map(Number);

const top = mkdtempSync(join(tmpdir(), "ra-landing-"));
try {
  const made = makeHistory(join(top, "made"), count, directories);
  const ratios: number[] = [];
  const [plainMs, raMs]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    const plain = await timed(round, "plain", (dir) => mergePlainly(dir, made));
    const ra = await timed(round, "ra", (dir) => landWithRa(dir, made));
    if (plain.tree !== ra.tree) throw new Error("the two do not come to the same tree");
    // The first round of each warms the caches and does not count.
    if (round === 0) continue;
    plainMs.push(plain.ms);
    raMs.push(ra.ms);
    ratios.push(ra.ms / plain.ms);
  }
  const ms = (times: readonly number[]): string => `${median(times).toFixed(0)} ms`;
  process.stdout.write(
    `${count} results on ${made.files} files: ra ${ms(raMs)}, one merge-tree each ${ms(plainMs)}, ` +
      `ratio ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})\n`,
  );
} finally {
  rmSync(top, { recursive: true, force: true });
}

/** Runs one way on a fresh copy, so that neither finds the objects of the other. */
async function timed(
  round: number,
  name: string,
  way: (dir: string) => Promise<string>,
): Promise<{ readonly ms: number; readonly tree: string }> {
  const dir = join(top, `${name}-${round}`);
  cpSync(join(top, "made"), dir, { recursive: true });
  const started = performance.now();
  const tip = await way(dir);
  const ms = performance.now() - started;
  const tree = git(dir, "rev-parse", `${tip}^{tree}`);
  git(dir, "fsck", "--connectivity-only", "--no-dangling");
  rmSync(dir, { recursive: true, force: true });
  return { ms, tree };
}

async function mergePlainly(dir: string, made: History): Promise<string> {
  const { run } = bindGit(dir, process.env, { GIT_CONFIG_COUNT: "0", GIT_DIR: dir });
  let tip = made.base;
  for (const { commit } of made.results) {
    const tree = (await run(["merge-tree", "--write-tree", tip, commit])).trim();
    const content = { tree, parents: [tip], who: keeper, date: made.date, message: "merged\n" };
    tip = writeCommit(join(dir, "objects"), content);
  }
  return tip;
}

async function landWithRa(dir: string, made: History): Promise<string> {
  const env = { ...process.env, RA_WORKSPACES: join(top, "workspaces") };
  const repository = await openRepository(findPlace(dir), { env });
  const chain = new Chain({
    repository,
    run: "bench",
    target: "main",
    base: made.base,
    follows: true,
    rank: ({ position }) => position,
    keep: async (commit) => commit,
    verify: async () => ({ complaint: null, notes: [] }),
  });
  const landings = await Promise.all(made.results.map((result) => chain.add(result)));
  if (landings.some(({ kind }) => kind !== "merged")) throw new Error("a result did not merge");
  const published = await chain.publish(false);
  if (published?.keptOn !== null) throw new Error("the branch did not move");
  return published.to;
}
