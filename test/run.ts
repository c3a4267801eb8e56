import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closingLine, tally } from "./support/tally.ts";

const limitMs = 20 * 60_000;

/** Variables by which bun test knows a coding agent, to which it shows less. */
const agentMarks = ["CLAUDECODE", "AGENT", "REPL_ID"];

const directory = mkdtempSync(join(tmpdir(), "ra-run-"));
try {
  process.exitCode = await runTests(process.argv.slice(2), join(directory, "junit.xml"));
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** Runs `bun test`, passes its output through and ends with the one line that counts. */
async function runTests(args: readonly string[], report: string): Promise<number> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !agentMarks.includes(name)),
  );
  const reporter = ["--reporter=junit", `--reporter-outfile=${report}`];
  const child = Bun.spawn(
    [process.execPath, "test", "--parallel", "--timeout=30000", ...reporter, ...args],
    { env, stdin: "ignore", stdout: "inherit", stderr: "pipe", timeout: limitMs },
  );
  const stderr = await passThrough(child.stderr);
  await child.exited;
  const result = tally({ exitCode: child.exitCode, stderr, junit: readIfThere(report) });
  for (const line of result.trouble) process.stderr.write(`trouble: ${line}\n`);
  process.stdout.write(`\n${closingLine(result)}\n`);
  return result.failed > 0 ? 1 : 0;
}

async function passThrough(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    process.stderr.write(chunk);
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
