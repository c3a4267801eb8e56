import { fstatSync, writeSync } from "node:fs";
import { ExitCode, RaError } from "../core/error.ts";
import type { Terminal } from "./command.ts";

const stdin = 0;
const stdout = 1;
const stderr = 2;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The terminal of this process. Writes are synchronous and whole, so nothing is lost when the process ends.
 * Output whose reader has gone is dropped, and `outputClosed` aborts; other write errors are thrown (exit 6).
 */
export function processTerminal(input: { readonly json: boolean }): Terminal {
  const env: Environment = process.env;
  const closed = new AbortController();
  return {
    get cwd() {
      return currentDirectory();
    },
    env,
    out(text) {
      if (closed.signal.aborted) return;
      if (!writeAll(stdout, Buffer.from(text))) closed.abort();
    },
    bytes(data) {
      if (closed.signal.aborted) return;
      if (!writeAll(stdout, data)) closed.abort();
    },
    get outputIsTerminal() {
      return isTerminal(stdout);
    },
    err: tell,
    get interactive() {
      return !input.json && !inCi(env) && isTerminal(stdin) && isTerminal(stderr);
    },
    get color() {
      return wantsColor(env, isTerminal(stderr));
    },
    get columns() {
      return columnsOf(env);
    },
    get redraws() {
      return env.TERM !== "dumb" && !inCi(env) && isTerminal(stdout);
    },
    ask,
    outputClosed: closed.signal,
  };
}

/** The question that stands on the last line of the screen; empty: none. */
let standing = "";

/** What is told while a question stands comes above it. */
function tell(text: string): void {
  const shown = standing === "" ? text : `${leaveLine()}${text}${standing}`;
  try {
    writeAll(stderr, Buffer.from(shown));
  } catch {
    // There is no other place left to say that standard error cannot be written.
  }
}

async function ask(question: string, signal: AbortSignal): Promise<string | null> {
  const { createInterface } = await import("node:readline");
  if (signal.aborted) return null;
  tell(question);
  standing = question;
  // In raw mode Ctrl-C would be a character that ends the question, and no signal for the run.
  const lines = createInterface({ input: process.stdin, terminal: false });
  const answered = Promise.withResolvers<string | null>();
  const onAbort = (): void => {
    standing = "";
    tell(leaveLine());
    answered.resolve(null);
  };
  signal.addEventListener("abort", onAbort);
  lines.once("line", answered.resolve);
  lines.once("close", () => answered.resolve(null));
  try {
    return await answered.promise;
  } finally {
    standing = "";
    signal.removeEventListener("abort", onAbort);
    lines.close();
  }
}

/** Takes the question off its line, or leaves the line where it cannot be erased. */
function leaveLine(): string {
  return process.env.TERM === "dumb" ? "\n" : "\r\u001b[K";
}

/** Whether to colour: `FORCE_COLOR` decides, then `NO_COLOR`, `TERM=dumb` and `CI`, then the terminal. */
export function wantsColor(env: Environment, onTerminal: boolean): boolean {
  const force = env.FORCE_COLOR;
  if (force !== undefined && force !== "") return force !== "0" && force !== "false";
  if (env.NO_COLOR) return false;
  return onTerminal && env.TERM !== "dumb" && !inCi(env);
}

function currentDirectory(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new RaError({
      code: "CWD_GONE",
      exitCode: ExitCode.environment,
      message: "the working directory does not exist any more",
      hint: "change to another directory",
      cause,
    });
  }
}

function inCi(env: Environment): boolean {
  const ci = env.CI;
  return ci !== undefined && ci !== "" && ci !== "0" && ci !== "false";
}

function columnsOf(env: Environment): number {
  const stream = isTerminal(stdout)
    ? process.stdout
    : isTerminal(stderr)
      ? process.stderr
      : undefined;
  const columns = stream?.columns ?? Number(env.COLUMNS);
  return Number.isInteger(columns) && columns > 0 ? columns : 80;
}

/** Loading `node:tty` costs a third of the start of `ra`, so a file or a pipe is told apart without it. */
function isTerminal(descriptor: number): boolean {
  try {
    if (!fstatSync(descriptor).isCharacterDevice()) return false;
  } catch {
    return false;
  }
  return process.getBuiltinModule("node:tty").isatty(descriptor);
}

/** Writes every byte; false when the reader has gone. */
function writeAll(descriptor: number, bytes: Uint8Array): boolean {
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code;
      if (code === "EPIPE" || code === "EIO" || code === "EBADF") return false;
      if (code !== "EAGAIN" && code !== "EINTR") throw writeError(cause as Error);
      // Another holder of a pipe may have made it non-blocking; it is full until its reader goes on.
      Bun.sleepSync(1);
    }
  }
  return true;
}

function writeError(cause: Error): RaError {
  return new RaError({
    code: "OUTPUT",
    exitCode: ExitCode.environment,
    message: `standard output cannot be written: ${cause.message}`,
    hint: "check the place it is redirected to",
    cause,
  });
}
