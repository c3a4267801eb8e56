import { startFailure } from "./failure.ts";
import { startWhole } from "./start.ts";

/** A program of `ra`'s own that outlives whoever started it. */
export interface Apart {
  readonly pid: number;
  /** Resolves with its exit code when it ends while this process lives; null after a signal. */
  readonly exited: Promise<number | null>;
  /** What it prints, where that is heard; else undefined. */
  readonly said: ReadableStream<Uint8Array> | undefined;
  /** Tells it to end. */
  end(): void;
}

/**
 * Starts a program in a session of its own, with nothing to read, so that neither the end of this process nor that of its terminal
 * is its end. Nobody reads it unless `isHeard`; then it must bear that its reader goes. Throws `RaError` as `startProcess` does.
 */
export function startApart(
  argv: readonly [string, ...string[]],
  {
    cwd,
    env,
    isHeard = false,
  }: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly isHeard?: boolean;
  },
): Apart {
  try {
    const child = startWhole(() =>
      Bun.spawn([...argv], {
        cwd,
        env,
        detached: true,
        stdin: "ignore",
        stdout: isHeard ? "pipe" : "ignore",
        stderr: "ignore",
      }),
    );
    return {
      pid: child.pid,
      exited: child.exited.then(() => child.exitCode),
      said: child.stdout,
      end: () => child.kill("SIGTERM"),
    };
  } catch (error) {
    throw startFailure(argv[0], cwd, error);
  }
}
