import { runBunTest } from "./support/bun-test.ts";
import { closingLine } from "./support/tally.ts";

const limitMs = 20 * 60_000;

/** Variables by which bun test knows a coding agent, to which it shows less. */
const agentMarks = ["CLAUDECODE", "AGENT", "REPL_ID"];

const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !agentMarks.includes(name)),
);
const args = ["--parallel", "--timeout=30000", ...process.argv.slice(2)];
const result = await runBunTest(args, { env, timeout: limitMs });
// The one line that counts.
process.stdout.write(`\n${closingLine(result)}\n`);
process.exitCode = result.failed > 0 ? 1 : 0;
