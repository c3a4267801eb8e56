import { startFailure } from "./failure.ts";

/** A program of `ra`'s own that outlives whoever started it. */
export interface Apart {
  readonly pid: number;
  /** Resolves with its exit code when it ends while this process lives; null after a signal. */
  readonly exited: Promise<number | null>;
  /** Tells it to end. */
  end(): void;
}

/**
 * Starts a program in a session of its own, with nothing to read and nobody who reads it, so that neither the end of this
 * process nor that of its terminal is its end. Throws `RaError` as `startProcess` does.
 */
export function startApart(
  argv: readonly [string, ...string[]],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Apart {
  try {
    const child = Bun.spawn([...argv], {
      cwd,
      env,
      detached: true,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    });
    return {
      pid: child.pid,
      exited: child.exited.then(() => child.exitCode),
      end: () => child.kill("SIGTERM"),
    };
  } catch (error) {
    throw startFailure(argv[0], cwd, error);
  }
}
