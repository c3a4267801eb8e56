import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { secretsOfCrash } from "./secrets.ts";

/**
 * Writes what is known of a bug to a file below `${XDG_STATE_HOME:-~/.local/state}/ra/crash/`, which only its
 * owner can read. Gives the path, or null when it cannot be written.
 */
export function writeCrash(input: {
  readonly error: unknown;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly at: Date;
}): string | null {
  const state = input.env.XDG_STATE_HOME || join(homedir(), ".local", "state");
  const directory = join(state, "ra", "crash");
  const stamp = input.at.toISOString().replaceAll(":", "-");
  const path = join(directory, `${stamp}-${process.pid}.txt`);
  const lines = [
    `ra ${input.version}, Bun ${Bun.version}, ${process.platform} ${process.arch}`,
    `at ${input.at.toISOString()}`,
    `arguments ${JSON.stringify(input.argv)}`,
    "",
    inspect(input.error, { depth: 6 }),
    "",
  ];
  try {
    const text = lines.join("\n");
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(path, secretsOfCrash(input.env)?.text(text) ?? text, { mode: 0o600, flag: "wx" });
    return path;
  } catch {
    return null;
  }
}

/** The one line a person gets about a bug. */
export function crashMessage(
  error: unknown,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const told = error instanceof Error ? error.message : String(error);
  const message = secretsOfCrash(env)?.text(told) ?? told;
  return `a fault in ra itself: ${message.split("\n", 1)[0]}`;
}
