import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../support/program.ts";
import { killAlong, killOften, type Ordeal, type Outcome, quantile, torture } from "./campaign.ts";

/*
 * The kill campaign: `bun test/torture/run.ts --kills N --seed S`. Without `--random-only` it first kills right
 * before and right after every event, every 12th of one run; then it kills runs again and again at random points, until so
 * many kills were made. `--record` writes the result to docs/results/torture.txt.
 */

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    /** Events between two kills of one run; as many as a run has make one kill a run. */
    stride: { type: "string", default: "12" },
    /** The last event that is killed at. The log of a run without kills has about 111. */
    last: { type: "string", default: "111" },
    "random-only": { type: "boolean", default: false },
    record: { type: "boolean", default: false },
  },
});
const [kills, seed] = [Number(values.kills), Number(values.seed)];
const [stride, last] = [Number(values.stride), Number(values.last)];
/** Kills of one run at random points. */
const killsPerRun = 8;

function* ordeals(): Generator<Ordeal> {
  if (!values["random-only"]) {
    for (let first = 1; first <= stride; first++) {
      yield killAlong("before", { first, stride, last });
      yield killAlong("after", { first, stride, last });
    }
  }
  for (let number = 0; number * killsPerRun < kills; number++) {
    yield killOften(seed, number, Math.min(killsPerRun, kills - number * killsPerRun));
  }
}

const top = mkdtempSync(join(tmpdir(), "ra-torture-"));
let outcome: Outcome;
try {
  outcome = await torture(top, ordeals(), ({ name }, { kills, wrong }) => {
    process.stdout.write(`${name}: ${kills} kills, ${wrong.length} violations\n`);
    for (const what of wrong) process.stdout.write(`  ${what}\n`);
  });
} finally {
  if (process.env.RA_TORTURE_KEEP === undefined) rmSync(top, { recursive: true, force: true });
}
const text = report(outcome);
process.stdout.write(text);
if (values.record) writeFileSync(join(root, "docs", "results", "torture.txt"), text);
process.exitCode = outcome.wrong.length > 0 ? 1 : 0;

function report({ runs, kills, dirty, wrong, recoveriesMs, overshoots }: Outcome): string {
  const at = (part: number): string => `${quantile(recoveriesMs, part)} ms`;
  const commit = Bun.spawnSync(["git", "rev-parse", "HEAD"], { cwd: root }).stdout.toString();
  return [
    `commit ${commit.trim()}, seed ${seed}`,
    `runs ${runs}, kills ${kills}, files in workspaces at a death ${dirty}, violations ${wrong.length}`,
    `recovery: median ${at(0.5)}, 95 % ${at(0.95)}, most ${at(1)}, of ${recoveriesMs.length}`,
    `events between an "after" point and the death: median ${quantile(overshoots, 0.5)}, most ${quantile(overshoots, 1)}`,
    ...wrong,
    "",
  ].join("\n");
}
