import { raBinary } from "../../support/binary.ts";
import { onTestEnd } from "../../support/leftovers.ts";
import { type TestRepository, until } from "../../support/repository.ts";

/** The binary on a terminal of its own, as its session's leader. */
export interface Screen {
  readonly pid: number;
  /** Everything that reached the terminal so far, escapes and all. */
  readonly text: string;
  /** Waits until the text holds the pattern. */
  shows(pattern: RegExp): Promise<void>;
  /** What the person types; `\r` is the return key and `\u0003` is Ctrl-C. */
  type(keys: string): void;
  /** Closes the terminal window. */
  close(): void;
  /** The exit code, null after a signal, once everything printed has been read. */
  readonly ended: Promise<number | null>;
}

/** The return key. */
export const enter = "\r";

/** Ctrl-C. */
export const interrupt = "\u0003";

/** Starts the binary in the repository on a terminal of 24 lines. */
export async function openScreen(
  repository: TestRepository,
  args: readonly string[],
  { columns = 80, env = {} }: { columns?: number; env?: Record<string, string> } = {},
): Promise<Screen> {
  let text = "";
  const closed = Promise.withResolvers<void>();
  const decoder = new TextDecoder();
  const child = Bun.spawn([await raBinary(), ...args], {
    cwd: repository.dir,
    env: { TERM: "xterm", ...repository.env, ...env },
    terminal: {
      cols: columns,
      rows: 24,
      data(_, bytes) {
        text += decoder.decode(bytes, { stream: true });
      },
      exit: () => closed.resolve(),
    },
  });
  const finish = async (): Promise<number | null> => {
    await child.exited;
    // The last output may come after the exit, and before the end of the terminal.
    await closed.promise;
    return child.exitCode;
  };
  onTestEnd(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
    await child.exited;
    clearTimeout(timer);
  });
  const ended = finish();
  return {
    pid: child.pid,
    get text() {
      return text;
    },
    shows: (pattern) =>
      until(() => pattern.test(text), `${pattern} on the screen`).catch((error) => {
        throw new Error(`${(error as Error).message}; it shows:\n${text}`);
      }),
    type: (keys) => void child.terminal?.write(keys),
    close: () => child.terminal?.close(),
    ended,
  };
}

/** What stands on the screen at the end: as a terminal shows returns, backspaces and erased lines. */
export function lines(text: string): string[] {
  return text.split(/\r*\n/).map((line) => {
    const erased = line.split("\u001b[K").at(-1) ?? "";
    return Bun.stripANSI(erased.split("\r").at(-1) ?? "");
  });
}
