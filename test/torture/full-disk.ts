import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../support/program.ts";
import { BrokenOffRun, type FullDiskOutcome } from "./full-disk-state.ts";
import { whyNoLoopDisk } from "./loop-disk.ts";

/*
 * Nearly full disks: `bun test/torture/full-disk.ts`. 0 to 60 KB free in steps of 2 KB, on blocks of 1 KB and of 4 KB: 62
 * states, every second one without the ballast; `--least`, `--most`, `--times` and `--bare` aim at others. `--record`
 * writes the result to docs/results/full-disk.txt.
 */

const { values } = parseArgs({
  options: {
    /** The least and the most free bytes, and the bytes between two states. */
    least: { type: "string", default: "0" },
    most: { type: "string", default: "61440" },
    step: { type: "string", default: "2048" },
    /** How often each state is met. */
    times: { type: "string", default: "1" },
    /** The ballast is gone in every state. */
    bare: { type: "boolean", default: false },
    /** Only blocks of this size; the second of two such recordings is added to the first. */
    block: { type: "string" },
    record: { type: "boolean", default: false },
  },
});
const { least, most } = { least: Number(values.least), most: Number(values.most) };

const top = mkdtempSync(join(tmpdir(), "ra-full-disk-"));
try {
  const reason = await whyNoLoopDisk(top);
  if (reason !== null) process.stdout.write(`full disks are skipped: ${reason}\n`);
  else await campaign();
} finally {
  rmSync(top, { recursive: true, force: true });
}

/** Bytes from the first state to one of them. */
function stepsTo(i: number): number {
  return Math.floor(i / Number(values.times)) * Number(values.step);
}

async function campaign(): Promise<void> {
  const outcomes: FullDiskOutcome[] = [];
  const wrong: string[] = [];
  for (const blockBytes of [1024, 4096]) {
    if (values.block !== undefined && Number(values.block) !== blockBytes) continue;
    using run = await BrokenOffRun.make(join(top, String(blockBytes)), blockBytes);
    for (let free = least, i = 0; free <= most; i++, free = least + stepsTo(i)) {
      const [ballast, closed] = [!values.bare && i % 2 === 0, i % 3 !== 2];
      const outcome = await run.meet({ blockBytes, freeBytes: free, ballast, closed });
      outcomes.push(outcome);
      const name = `blocks of ${blockBytes}, ${free} free (${outcome.freeBytes}), ballast ${ballast}`;
      process.stdout.write(`${name}: ${outcome.wrong.length} violations\n`);
      for (const what of outcome.wrong) {
        wrong.push(`${name}: ${what}`);
        process.stdout.write(`  ${what}\n`);
      }
    }
  }
  const commit = Bun.spawnSync(["git", "rev-parse", "HEAD"], { cwd: root }).stdout.toString();
  const wentOn = outcomes.filter((outcome) => outcome.wentOn).length;
  const text = [
    `commit ${commit.trim()}`,
    `nearly full disks ${outcomes.length}, with ${least / 1024} to ${most / 1024} KB free, blocks of ${values.block ?? "1024 and 4096"} bytes`,
    `control: SQLite without care reads the registry on ${outcomes.filter(({ plain }) => plain === null).length} of them, ends of itself or by SIGBUS on ${outcomes.filter(({ plain }) => plain !== null).length} (${[...new Set(outcomes.map(({ plain }) => plain ?? "read"))].sort().join(", ")})`,
    `runs that went on by themselves when there was room ${wentOn}, that were resumed ${outcomes.length - wentOn}`,
    `successes that were not believed ${outcomes.reduce((sum, { disbelieved }) => sum + disbelieved, 0)}, on ${outcomes.filter(({ disbelieved }) => disbelieved > 0).length} of them`,
    `violations (crashes, commands that fail, lost work) ${wrong.length}`,
    ...wrong,
    "",
  ].join("\n");
  process.stdout.write(text);
  const flag = values.block === "4096" ? "a" : "w";
  if (values.record) {
    writeFileSync(join(root, "docs", "results", "full-disk.txt"), text, { flag });
  }
  process.exitCode = wrong.length > 0 ? 1 : 0;
}
