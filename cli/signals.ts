import { readFileSync } from "node:fs";
import type { Dispatcher } from "../core/dispatch/dispatcher.ts";
import { ExitCode } from "../core/error.ts";
import type { Terminal } from "./command.ts";
import { say } from "./say.ts";

/** The signals of a run, until `close`. */
export interface SignalWatch {
  /** The exit code of a run that a signal may have ended. */
  exitCode(code: number): ExitCode;
  close(): void;
}

/**
 * The first Ctrl-C stops starting and lets running tasks end; the second ends them. TERM and HUP leave no time to
 * wait: they do both at once. Work is kept either way.
 */
export function handleSignals(
  terminal: Terminal,
  run: string,
  dispatcher: Dispatcher,
): SignalWatch {
  let interrupts = 0;
  let terminated = false;
  const onInterrupt = (): void => {
    interrupts += 1;
    if (interrupts === 1) {
      // The terminal has written `^C`, maybe behind a question.
      if (terminal.interactive) terminal.err("\n");
      say(
        terminal,
        `stopping ${run}: nothing new starts, running tasks end; Ctrl-C again ends them now. Work is kept.`,
      );
    } else if (interrupts === 2) say(terminal, `ending the running tasks of ${run}; work is kept`);
    if (interrupts <= 2) dispatcher.interrupt();
  };
  const onTerminate = (): void => {
    terminated = true;
    for (; interrupts < 2; interrupts++) dispatcher.interrupt();
  };
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onTerminate);
  // `nohup` means that the run is to outlive its terminal.
  if (!ignoresHangUp()) process.on("SIGHUP", onTerminate);
  return {
    exitCode: (code) =>
      (code === ExitCode.interrupted && terminated ? ExitCode.terminated : code) as ExitCode,
    close() {
      process.off("SIGINT", onInterrupt);
      process.off("SIGTERM", onTerminate);
      process.off("SIGHUP", onTerminate);
    },
  };
}

/** Aborts at the first Ctrl-C, TERM or HUP, until it is disposed of. */
export function abortOnSignal(): { readonly signal: AbortSignal } & Disposable {
  const ending = new AbortController();
  const abort = (): void => ending.abort();
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of names) process.on(name, abort);
  return {
    signal: ending.signal,
    [Symbol.dispose]() {
      for (const name of names) process.off(name, abort);
    },
  };
}

/** True when whoever started this process had it ignore SIGHUP. Known on Linux alone. */
function ignoresHangUp(): boolean {
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1];
    return mask !== undefined && (BigInt(`0x${mask}`) & 1n) === 1n;
  } catch {
    return false;
  }
}

/** Resolves when a signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}
