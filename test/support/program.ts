import { join } from "node:path";

/** The root of this repository. */
export const root: string = join(import.meta.dir, "..", "..");

/** What a program left behind: its exit code (null after a signal) and all it printed. */
export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end with exactly this environment, and nothing on standard input. */
export async function runProgram(
  argv: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Finished> {
  const child = Bun.spawn([...argv], {
    cwd: options.cwd ?? root,
    env: { PATH: process.env.PATH ?? "", ...options.env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  return { code: child.exitCode, out, err };
}
