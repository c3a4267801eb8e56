import type { ProcessIdentity } from "../id.ts";
import { fullMark } from "./custody.ts";
import { markVariable, withOwner } from "./table.ts";
import type { Survivor } from "./tree.ts";

/** A program to start in a session and process group of its own. */
export interface Program {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  /** The whole environment, as `programEnvironment` makes it. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * `<run>/<task>/<attempt>`, which the program gets as `RA_ATTEMPT`. With the registry in front it is `RA_MARK`, by which
   * everything that inherits it is found again.
   */
  readonly mark?: string;
  /** Written to standard input, which is closed at its end. Without it standard input is `/dev/null`. */
  readonly stdin?: string | ReadableStream<Uint8Array>;
  /** A directory nobody else works in; who still stands there at the end is named as a survivor. */
  readonly territory?: string;
}

/** How a program came to its end. */
export interface ProcessEnd {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it was ended for what it took up; absent when it was not. */
  readonly overrun?: string;
}

/** `held`: what holds the program together, or else its process group. `all`: every process with its mark, too. */
export type Reach = "all" | "held";

/** A program that runs, and whatever keeps what it starts together. */
export interface Hold {
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  /** Ask for it before the end: afterwards the pid may be somebody else's. */
  readonly identity: ProcessIdentity;
  /** True when nothing the program starts can get away. */
  readonly isHeld: boolean;
  /** Settles at the exit. Rejects as a start throws. */
  readonly exited: Promise<ProcessEnd>;
  end(graceMs: number, reach: Reach): Promise<readonly Survivor[]>;
}

/** What a program of an attempt gets: its environment, and the marks by which it is found. */
export function markedEnvironment({ env, mark }: Program): Record<string, string> {
  const marked = mark === undefined ? env : { ...env, RA_ATTEMPT: mark };
  return withOwner(mark === undefined ? marked : { ...marked, [markVariable]: fullMark(mark) });
}

/** The marks to look for at the end. */
export function marksToEnd({ mark }: Program): ReadonlySet<string> {
  return new Set(mark === undefined ? [] : [fullMark(mark)]);
}

export type ProgramInput = "ignore" | "pipe" | Uint8Array<ArrayBuffer>;

/** Standard input as `Bun.spawn` takes it. A stream, which can be given away once only, waits for `feed`. */
export function inputOf({ stdin }: Program): ProgramInput {
  if (stdin === undefined) return "ignore";
  return typeof stdin === "string" ? new TextEncoder().encode(stdin) : "pipe";
}

/** Passes on to a program that has started what its input stream brings. */
export function feed(
  { stdin: sink }: Pick<Bun.Subprocess<ProgramInput>, "stdin">,
  { stdin }: Program,
): void {
  if (sink === undefined || typeof sink === "number" || !(stdin instanceof ReadableStream)) return;
  const writable = new WritableStream<Uint8Array>({
    async write(bytes) {
      sink.write(bytes);
      await sink.flush();
    },
    close: async () => void (await sink.end()),
    abort: async () => void (await sink.end()),
  });
  // A program that has ended reads no more: that shows at its end.
  stdin.pipeTo(writable).catch(() => {});
}
