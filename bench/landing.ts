import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Chain } from "../core/dispatch/chain.ts";
import type { Result } from "../core/dispatch/result.ts";
import { bindGit } from "../core/workspace/git.ts";
import { keeper } from "../core/workspace/identity.ts";
import { writeCommit } from "../core/workspace/loose-object.ts";
import { findPlace } from "../core/workspace/place.ts";
import { openRepository } from "../core/workspace/repository.ts";
import { makeTask } from "./landing-task.ts";
import { median } from "./ratio.ts";

/**
 * Landing many results that wait, from the first merge to the moved branch with everything flushed, against one
 * `git merge-tree --write-tree` process per result and nothing else.
 */
const [rounds = 7, count = 256, directories = 100] = process.argv.slice(2).map(Number);
const filesEach = 100;
const base = "refs/heads/main";

const top = mkdtempSync(join(tmpdir(), "ra-landing-"));
try {
  const made = makeHistory(join(top, "made"));
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
    `${count} results on ${directories * filesEach} files: ra ${ms(raMs)}, one merge-tree each ${ms(plainMs)}, ` +
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
    tip = await writeCommit(join(dir, "objects"), content);
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
    verify: async () => ({ complaint: null, notes: [] }),
  });
  const landings = await Promise.all(made.results.map((result) => chain.add(result)));
  if (landings.some(({ kind }) => kind !== "merged")) throw new Error("a result did not merge");
  const published = await chain.publish(false);
  if (published?.keptOn !== null) throw new Error("the branch did not move");
  return published.to;
}

interface History {
  readonly base: string;
  readonly date: number;
  readonly results: readonly Result[];
}

/** A bare repository and what tasks left: three edits, at every fifth an addition, at every tenth a deletion. */
function makeHistory(dir: string): History {
  Bun.spawnSync(["git", "init", "--quiet", "--bare", "--initial-branch=main", dir]);
  git(dir, "config", "user.name", "Ada Lovelace");
  git(dir, "config", "user.email", "ada@example.org");
  const date = Math.floor(Date.now() / 1000);
  const who = `Ada Lovelace <ada@example.org> ${date} +0000`;
  const lines: string[] = [`commit ${base}`, "mark :1", `committer ${who}`, data("start")];
  const pathOf = (n: number): string =>
    `src/area-${n % directories}/file-${Math.floor(n / directories) % filesEach}.txt`;
  for (let n = 0; n < directories * filesEach; n++) lines.push(file(pathOf(n), bodyOf(n)));
  for (let i = 0; i < count; i++) {
    lines.push(`commit refs/results/${i}`, `committer ${who}`, data(`task ${i}`), "from :1");
    for (const k of [0, 1, 2]) {
      const n = (i * 31 + k * 977) % (directories * filesEach);
      lines.push(file(pathOf(n), bodyOf(n).replace(`line ${i % 40}\n`, `task ${i}\n`)));
    }
    if (i % 5 === 0) lines.push(file(`src/area-${i % directories}/new-${i}.txt`, bodyOf(i)));
    if (i % 10 === 0) lines.push(`D ${pathOf(directories * filesEach - 1 - i)}`);
  }
  const done = Bun.spawnSync(["git", "-C", dir, "fast-import", "--quiet"], {
    stdin: new TextEncoder().encode(`${lines.join("\n")}\n`),
  });
  if (done.exitCode !== 0) throw new Error(done.stderr.toString());
  const start = git(dir, "rev-parse", base);
  const results = Array.from({ length: count }, (_, i): Result => {
    const commit = git(dir, "rev-parse", `refs/results/${i}`);
    return { task: makeTask(i), attempt: 1, runner: "shell", base: start, commit, changes: [] };
  });
  return { base: start, date, results };
}

function bodyOf(n: number): string {
  return Array.from({ length: 40 }, (_, line) =>
    line === 0 ? `file ${n}\n` : `line ${line}\n`,
  ).join("");
}

function file(path: string, text: string): string {
  return `M 100644 inline ${path}\n${data(text)}`;
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`;
}

function git(dir: string, ...args: string[]): string {
  const done = Bun.spawnSync(["git", "-C", dir, ...args]);
  if (done.exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${done.stderr.toString()}`);
  return done.stdout.toString().trim();
}
