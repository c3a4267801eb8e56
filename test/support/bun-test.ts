import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Tally, tally } from "./tally.ts";

/** Runs `bun test`, passes what it prints through, and counts. `timeout`: milliseconds after which it is ended. */
export async function runBunTest(
  args: readonly string[],
  options: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly timeout?: number;
  },
): Promise<Tally> {
  const directory = mkdtempSync(join(tmpdir(), "ra-run-"));
  try {
    const report = join(directory, "junit.xml");
    const reporter = ["--reporter=junit", `--reporter-outfile=${report}`];
    const child = Bun.spawn([process.execPath, "test", ...reporter, ...args], {
      ...options,
      stdin: "ignore",
      stdout: "inherit",
      stderr: "pipe",
    });
    const stderr = await passThrough(child.stderr);
    await child.exited;
    const result = tally({ exitCode: child.exitCode, stderr, junit: readIfThere(report) });
    for (const line of result.trouble) process.stderr.write(`trouble: ${line}\n`);
    return result;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
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
