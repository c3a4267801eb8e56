import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Random } from "../campaign/random.ts";
import { root } from "../support/program.ts";
import { whyNoLoopDisk } from "./loop-disk.ts";
import { controlIsDamaged, cutTeller } from "./power-control.ts";
import { cutPower, type PowerCut } from "./power-cut.ts";

/*
 * Power cuts: `bun test/torture/power.ts --cuts N --seed S`. Every tenth cut comes right after the run has ended.
 * `--record` writes the result to docs/results/power.txt.
 */

const { values } = parseArgs({
  options: {
    cuts: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
    /** The latest cut of a run that has not ended, in milliseconds. */
    latest: { type: "string", default: "1500" },
    /** The number of the first cut. */
    first: { type: "string", default: "0" },
    only: { type: "string" },
    /** Adds to what was recorded before. */
    add: { type: "boolean", default: false },
    record: { type: "boolean", default: false },
  },
});

/** Cuts of git as it is: if they did no damage, those of `ra` would prove nothing. */
const controls = 5;

/** Cuts of SQLite alone. */
const tellers = 20;

const top = mkdtempSync(join(tmpdir(), "ra-power-"));
try {
  const reason = await whyNoLoopDisk(top);
  if (reason !== null) process.stdout.write(`power cuts are skipped: ${reason}\n`);
  else await campaign();
} finally {
  rmSync(top, { recursive: true, force: true });
}

async function campaign(): Promise<void> {
  const cuts: PowerCut[] = [];
  const wrong: string[] = [];
  let damaged = 0;
  for (let number = 0; number < controls; number++) {
    damaged += Number(await controlIsDamaged(join(top, `control-${number}`)));
  }
  if (damaged < controls) wrong.push(`only ${damaged} of ${controls} controls were damaged`);
  const rows = await tellersCut(wrong);
  const first = Number(values.first);
  for (let number = first; number < first + Number(values.cuts); number++) {
    const random = new Random("power", Number(values.seed), number);
    const afterMs = number % 10 === 9 ? 0 : 1 + random.below(Number(values.latest));
    if (values.only !== undefined && Number(values.only) !== number) continue;
    const dir = join(top, String(number));
    const cut = await cutPower(dir, afterMs);
    rmSync(dir, { recursive: true, force: true });
    cuts.push(cut);
    const when = afterMs === 0 ? "at the end" : `after ${afterMs} ms`;
    const line = `cut ${number} of seed ${values.seed}, ${when}: ${cut.told} facts told`;
    process.stdout.write(`${line}, ${cut.wrong.length} violations\n`);
    for (const what of cut.wrong) {
      wrong.push(`${line}: ${what}`);
      process.stdout.write(`  ${what}\n`);
    }
  }
  const sum = (of: (cut: PowerCut) => number): number =>
    cuts.reduce((total, cut) => total + of(cut), 0);
  const commit = Bun.spawnSync(["git", "rev-parse", "HEAD"], { cwd: root }).stdout.toString();
  const text = [
    `commit ${commit.trim()}, seed ${values.seed}, from cut ${first}`,
    `power cuts ${cuts.length}, of them after the end of the run ${sum(({ ended }) => Number(ended))}`,
    `controls (git without flushing, a flushed registry) ${controls}, damaged ${damaged}`,
    rows,
    `facts told before a cut ${sum(({ told }) => told)}, results among them ${sum(({ results }) => results)}`,
    `violations ${wrong.length}`,
    ...wrong,
    "",
  ].join("\n");
  process.stdout.write(text);
  const flag = values.add ? "a" : "w";
  if (values.record) writeFileSync(join(root, "docs", "results", "power.txt"), text, { flag });
  process.exitCode = wrong.length > 0 ? 1 : 0;
}

/** The line that tells of rows that SQLite alone told of; what it lost of those told before the cut is wrong. */
async function tellersCut(wrong: string[]): Promise<string> {
  const sums = { before: 0, lostBefore: 0, late: 0, lostLate: 0 };
  for (let number = 0; number < tellers; number++) {
    const dir = join(top, `teller-${number}`);
    const rows = await cutTeller(dir);
    rmSync(dir, { recursive: true, force: true });
    for (const key of ["before", "lostBefore", "late", "lostLate"] as const) sums[key] += rows[key];
  }
  const { before, lostBefore, late, lostLate } = sums;
  if (lostBefore > 0) wrong.push(`SQLite alone lost ${lostBefore} rows told before a cut`);
  const during = `while the disk was shut down ${late}, lost ${lostLate}`;
  return `SQLite alone, cut ${tellers} times: rows told before ${before}, lost ${lostBefore}; told ${during}`;
}
