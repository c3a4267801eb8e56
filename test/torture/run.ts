import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../support/program.ts";
import { endlessOrdeals, killAlong, type Outcome, torture } from "./campaign.ts";
import type { Ordeal } from "./cycle.ts";
import { type Part, partsIn, summary, writeRecord } from "./record.ts";
import { rivalry } from "./rivals.ts";

/*
 * The kill campaign: `npm run torture -- --all --record`. It has many parts: kills right before and right after every event
 * of one reference run, kills at random moments, and several `ra` that want one run at once. With `--record` each part goes into
 * docs/results/torture.txt when it is over, and one that is there of the same sources is not done again: a campaign that was
 * cut off, or that `--minutes` ended, goes on.
 */

const { values } = parseArgs({
  options: {
    /** Everything: each event, 1,000 random kills, 48 rivalries. */
    all: { type: "boolean", default: false },
    /** Kills at random moments. */
    kills: { type: "string", default: "0" },
    /** Kills before and after every event. */
    events: { type: "boolean", default: false },
    /** Runs whose driver is killed and whose place several want. */
    rivals: { type: "string", default: "0" },
    seed: { type: "string", default: "1" },
    /** The last event that is killed at. The log of a run without kills has about 111. */
    last: { type: "string", default: "111" },
    /** No part begins later than that. */
    minutes: { type: "string", default: "600" },
    record: { type: "boolean", default: false },
  },
});
const { all } = values;
const seed = Number(values.seed);
const last = Number(values.last);

/** Events between two kills of one run: as many kills as fit, without one coming in the recovery of the last. */
const stride = 12;
const killsPerPart = 50;
const killsPerRun = 10;
const rivalriesPerPart = 6;

/** What a part does, with how many starts of rivals. */
type Doing = (top: string) => Promise<Outcome & { readonly rivals?: number }>;

const wanted = new Map<string, Doing>();
for (let first = 1; (all || values.events) && first <= stride; first++) {
  for (const kind of ["before", "after"] as const) {
    const ordeals = (from: number): Ordeal =>
      killAlong(kind, { first: from, stride: 2 * stride, last });
    const name = `${kind} event ${first} and every ${stride}th up to ${last}`;
    wanted.set(name, (top) => torture(top, [ordeals(first), ordeals(first + stride)]));
  }
}
const kills = all ? 1_000 : Number(values.kills);
for (let done = 0; done < kills; done += killsPerPart) {
  const killsMax = Math.min(killsPerPart, kills - done);
  // Far apart, for nobody knows how many runs the kills of one part take.
  const ordeals = (): Iterable<Ordeal> => endlessOrdeals(seed, done * killsPerPart, killsPerRun);
  wanted.set(`random kills ${done + 1} to ${done + killsMax}`, (top) =>
    torture(top, ordeals(), { killsMax }),
  );
}
const rivalries = all ? 48 : Number(values.rivals);
for (let done = 0; done < rivalries; done += rivalriesPerPart) {
  const count = Math.min(rivalriesPerPart, rivalries - done);
  wanted.set(`rivals ${done + 1} to ${done + count}`, (top) => fight(top, done, count));
}

async function fight(top: string, from: number, count: number): ReturnType<Doing> {
  const fights = [];
  for (let number = from; number < from + count; number++) {
    fights.push(await rivalry(join(top, `world-${number}`), seed, number));
  }
  return {
    runs: count,
    kills: fights.reduce((sum, { kills }) => sum + kills, 0),
    rivals: fights.reduce((sum, { starts }) => sum + starts, 0),
    wrong: fights.flatMap(({ wrong }, i) => wrong.map((what) => `rivalry ${from + i}: ${what}`)),
    ...{ dirty: 0, usersCommits: 0, recoveriesMs: [], startsMs: [], overshoots: [] },
  };
}

function gitText(...args: string[]): string {
  return Bun.spawnSync(["git", ...args], { cwd: root })
    .stdout.toString()
    .trim();
}

/** Names the sources of the binary. What is not committed is no commit's. */
function sourcesNow(): string {
  const dirs = ["cli", "core", "plugins", "package.json"];
  const trees = gitText("rev-parse", ...dirs.map((dir) => `HEAD:${dir}`));
  const changed = gitText("status", "--porcelain", "--", ...dirs) === "" ? "" : "+";
  return Bun.hash(trees).toString(16).padStart(16, "0").slice(0, 12) + changed;
}

const [sources, commit] = [sourcesNow(), gitText("rev-parse", "--short=12", "HEAD")];
const path = join(root, "docs", "results", "torture.txt");
const parts = values.record ? partsIn(path, sources) : [];
const deadline = performance.now() + Number(values.minutes) * 60_000;
const top = mkdtempSync(join(tmpdir(), "ra-torture-"));
try {
  for (const [part, doing] of wanted) {
    if (performance.now() > deadline) break;
    if (parts.some((done) => done.part === part && done.seed === seed)) continue;
    const before = loadavg()[0] ?? 0;
    const {
      runs,
      rivals = 0,
      wrong,
      overshoots: _,
      ...counts
    } = await doing(join(top, `part-${parts.length + 1}`));
    const load = Math.max(before, loadavg()[0] ?? 0);
    parts.push({
      part,
      sources,
      commit,
      seed,
      runs,
      rivals,
      load,
      wrong,
      ...counts,
    } satisfies Part);
    process.stdout.write(`${part}: ${counts.kills} kills, ${wrong.length} violations\n`);
    for (const what of wrong) process.stdout.write(`  ${what}\n`);
    if (values.record) writeRecord(path, parts, wanted.size);
  }
} finally {
  if (process.env.RA_TORTURE_KEEP === undefined) rmSync(top, { recursive: true, force: true });
}
process.stdout.write(`${summary(parts, wanted.size).join("\n")}\n`);
process.exitCode = parts.some(({ wrong }) => wrong.length > 0) ? 1 : 0;
