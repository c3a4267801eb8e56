import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Random } from "../campaign/random.ts";
import { root } from "../support/program.ts";
import { type Fault, type FaultOutcome, meetFault, whyNoFaults } from "./syscall-fault.ts";

/*
 * Faults at system calls that write: `bun test/torture/syscalls.ts --kills N --errors N --seed S`. A kill that nothing
 * reaches does not count. `--record` writes the result to docs/results/syscalls.txt.
 */

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    errors: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
    /** Adds to what was recorded before. */
    add: { type: "boolean", default: false },
    record: { type: "boolean", default: false },
  },
});

/** What writes, and up to which call of one thread it is struck. */
const calls: readonly (readonly [string, number])[] = [
  ["fsync", 16],
  ["/^rename", 8],
  ["/^unlink", 30],
  ["pwrite64", 100],
  ["write", 90],
  ["openat", 120],
  ["/^link", 2],
  ["/^mkdir", 20],
];
const failing: readonly (readonly [string, "EIO" | "ENOSPC", number])[] = [
  ["fsync", "EIO", 8],
  ["pwrite64", "EIO", 40],
  ["pwrite64", "ENOSPC", 40],
  ["/^rename", "EIO", 4],
  ["write", "ENOSPC", 10],
];

const top = mkdtempSync(join(tmpdir(), "ra-syscalls-"));
try {
  const reason = whyNoFaults();
  if (reason !== null) process.stdout.write(`system calls are skipped: ${reason}\n`);
  else await campaign();
} finally {
  rmSync(top, { recursive: true, force: true });
}

async function campaign(): Promise<void> {
  const random = new Random("syscalls", Number(values.seed), 0);
  const wrong: string[] = [];
  const killed: FaultOutcome[] = [];
  let made = 0;
  const meet = async (fault: Fault): Promise<FaultOutcome> => {
    const dir = join(top, String(made++));
    const outcome = await meetFault(dir, fault);
    rmSync(dir, { recursive: true, force: true });
    const what = fault.error ?? "kill";
    const name = `${what} at ${fault.call} ${fault.nth}${fault.persistent ? " and later" : ""}`;
    const struck = `struck ${outcome.struck} times, came to ${outcome.code ?? "a kill"}`;
    process.stdout.write(`${name}: ${struck}, ${outcome.wrong.length} violations\n`);
    for (const line of outcome.wrong) {
      wrong.push(`${name}: ${line}`);
      process.stdout.write(`  ${line}\n`);
    }
    return outcome;
  };
  for (let i = 0; killed.length < Number(values.kills); i++) {
    const [call, most] = calls[i % calls.length] as readonly [string, number];
    const nth = 1 + random.below(most);
    const outcome = await meet({ call, nth, error: null, persistent: false });
    if (outcome.struck > 0) killed.push(outcome);
  }
  const failed: FaultOutcome[] = [];
  for (let i = 0; failed.length < Number(values.errors); i++) {
    const [call, error, most] = failing[i % failing.length] as (typeof failing)[number];
    const nth = 1 + random.below(most);
    const outcome = await meet({ call, nth, error, persistent: i % 2 === 0 });
    if (outcome.struck > 0) failed.push(outcome);
  }
  const commit = Bun.spawnSync(["git", "rev-parse", "HEAD"], { cwd: root }).stdout.toString();
  const died = killed.filter(({ code }) => code === null || code > 128).length;
  const well = (all: readonly FaultOutcome[]): number =>
    all.filter(({ code }) => code === 0).length;
  const text = [
    `commit ${commit.trim()}, seed ${values.seed}`,
    `kills at system calls that write ${killed.length}: \`ra\` died ${died} times, a git of it else; ended well all the same ${well(killed)}`,
    `calls that failed ${failed.length} times: the run ended well all the same ${well(failed)}, with an error ${failed.length - well(failed)}`,
    `violations (stuck retries, lost results, damaged stores, locks) ${wrong.length}`,
    ...wrong,
    "",
  ].join("\n");
  process.stdout.write(text);
  const flag = values.add ? "a" : "w";
  if (values.record) {
    writeFileSync(join(root, "docs", "results", "syscalls.txt"), text, { flag });
  }
  process.exitCode = wrong.length > 0 ? 1 : 0;
}
