import { runBunTest } from "./support/bun-test.ts";
import { canRunAgain, closingLine, type Failure, redeemed, type Tally } from "./support/tally.ts";

const limitMs = 20 * 60_000;

/** Variables by which bun test knows a coding agent, to which it shows less. */
const agentMarks = ["CLAUDECODE", "AGENT", "REPL_ID"];

/** Runs the files of a few failed tests once more, alone, and says which passed only then. */
const rerunFlag = "--rerun-failed";

const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !agentMarks.includes(name)),
);
const words = process.argv.slice(2).filter((word) => word !== rerunFlag);
const options = ["--timeout=30000", ...words.filter((word) => word.startsWith("-"))];
const asked = words.filter((word) => !word.startsWith("-"));
const first = await run(["--parallel", ...options, ...asked]);
const result = process.argv.includes(rerunFlag) ? await judge(first) : first;
tell("failed", result.failures);
// The one line that counts.
process.stdout.write(`\n${closingLine(result)}\n`);
process.exitCode = result.failed > 0 ? 1 : 0;

function run(args: readonly string[]): Promise<Tally> {
  return runBunTest(args, { env, timeout: limitMs });
}

async function judge(once: Tally): Promise<Tally> {
  if (once.failed === 0 || !canRunAgain(once)) return once;
  const files = [...new Set(once.failures.map(({ file }) => `./${file}`))];
  process.stderr.write(`\nagain, alone: ${files.join(" ")}\n`);
  const twice = redeemed(once, await run([...options, ...files]));
  if (twice) tell("failed once, and passed when its file ran again alone", once.failures);
  return twice ?? once;
}

/** Says it last: of a long output often only the end is kept. */
function tell(what: string, failures: readonly Failure[]): void {
  for (const { file, name, reason } of failures) {
    process.stdout.write(`\n${what}: ${file}: ${name}\n${reason}\n`);
  }
}
