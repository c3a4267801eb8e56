import { inOwnGroup } from "./custody.ts";
import { startWhole } from "./start.ts";
import { withOwner } from "./table.ts";

/** A program that answers on standard output what it is told on standard input, for as long as it is talked to. */
export interface Conversation {
  /** Writes text to the program. One that has ended is not told: `hear` says so. */
  tell(text: string): void;
  /** The next text it prints, in pieces as they come; null once it has ended. */
  hear(): Promise<string | null>;
  /** Closes its standard input and resolves when it has ended. What it still prints is thrown away. */
  end(): Promise<void>;
  /** What it said on standard error; only after `end`. */
  complaint(): Promise<string>;
}

/** Starts such a program. Throws `ENOENT` when it does not exist. */
export function converse(
  argv: readonly [string, ...string[]],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Conversation {
  const child = inOwnGroup((more) =>
    startWhole(() =>
      Bun.spawn([...argv], {
        cwd: options.cwd,
        env: withOwner(options.env),
        stdin: "pipe",
        stdout: "pipe",
        stderr: "pipe",
        // Ctrl-C at the terminal goes to its whole process group: it must not end a git that is at work.
        detached: true,
        ...more,
      }),
    ),
  );
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  const stderr = child.stderr.text();
  return {
    tell(text) {
      // It fails now, as a throw, or later, as a rejection.
      attempt(() => child.stdin.write(text));
      attempt(() => child.stdin.flush());
    },
    async hear() {
      const { done, value } = await reader.read();
      return done ? null : decoder.decode(value, { stream: true });
    },
    async end() {
      await attempt(() => child.stdin.end());
      while (!(await reader.read()).done);
      await child.exited;
    },
    complaint: () => stderr,
  };
}

async function attempt(write: () => number | Promise<number>): Promise<void> {
  try {
    await write();
  } catch {
    // The program no longer reads.
  }
}
