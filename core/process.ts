import type { ProcessIdentity } from "./id.ts";
import { inOwnGroup } from "./process/custody.ts";
import { holdProgram } from "./process/hold.ts";
import { type OnLine, splitLines } from "./process/lines.ts";
import type { OutputSink } from "./process/log.ts";
import type { Hold, ProcessEnd, Program, Reach } from "./process/program.ts";
import { startWhole } from "./process/start.ts";
import { withOwner } from "./process/table.ts";
import type { Survivor } from "./process/tree.ts";
import type { Redactor } from "./secret/redactor.ts";

/** What a short program printed. `code` is null when a signal ended it. */
export interface Captured {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a short program is run. */
export interface CaptureOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Text, or a file, that the program reads. */
  readonly input?: string | Blob;
  readonly signal?: AbortSignal;
}

/** Runs a short program to its end and keeps its output in memory. Throws `ENOENT` when it does not exist. */
export async function capture(
  argv: readonly [string, ...string[]],
  options: CaptureOptions,
): Promise<Captured> {
  const { bytes, ...rest } = await captureBytes(argv, options);
  return { ...rest, stdout: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) };
}

/** As `capture`, with standard output as the program wrote it: not all that git prints is UTF-8. */
export async function captureBytes(
  argv: readonly [string, ...string[]],
  options: CaptureOptions,
): Promise<Omit<Captured, "stdout"> & { readonly bytes: Uint8Array }> {
  const child = inOwnGroup((more) =>
    startWhole(() =>
      Bun.spawn([...argv], {
        cwd: options.cwd,
        env: withOwner(options.env),
        stdin: inputOf(options.input),
        stdout: "pipe",
        stderr: "pipe",
        // Ctrl-C at the terminal goes to its whole process group: it must not end a git that is at work.
        detached: true,
        ...(options.signal ? { signal: options.signal } : {}),
        ...more,
      }),
    ),
  );
  const [bytes, stderr] = await Promise.all([child.stdout.bytes(), child.stderr.text()]);
  await child.exited;
  return { code: child.exitCode, bytes, stderr };
}

function inputOf(input: string | Blob | undefined): "ignore" | Blob {
  if (input === undefined) return "ignore";
  return typeof input === "string" ? new Blob([input]) : input;
}

/** A program to start, and where its output goes. */
export interface ProcessRequest extends Program {
  /** Hides secrets in both outputs before anybody gets them. */
  readonly redactor?: Redactor | null;
  /** Gets the bytes of standard output and error as they come. */
  readonly log?: OutputSink;
  /** Each line without its end; longer ones than `lineMax` come in pieces. A throw makes `ended` reject. */
  readonly onStdout?: OnLine;
  readonly onStderr?: OnLine;
  /** The longest line that comes in one piece, in UTF-16 units. Default 1 MiB. */
  readonly lineMax?: number;
}

/** A program that `startProcess` started. */
export interface Running {
  /** Ask for it before the end: afterwards the pid may be somebody else's, and the ticks are null if never read. */
  readonly identity: ProcessIdentity;
  /**
   * Settles at the exit, when the output was read, but at most 1 s after it: a grandchild may hold the pipes. Rejects as
   * `startProcess` throws when the start turns out to have failed later.
   */
  readonly ended: Promise<ProcessEnd>;
  /** True when nothing the program starts can get away from it, so that `"held"` reaches everything. */
  readonly isHeld: boolean;
  /**
   * Ends the whole tree, TERM first and KILL after `graceMs`, and returns what still runs. After the exit it ends what
   * was left behind. `"held"` does not look through all processes for the mark: what is held, or else the process
   * group, alone. That costs next to nothing when nothing is left.
   */
  end(graceMs: number, reach?: Reach): Promise<readonly Survivor[]>;
}

/** How long output is still read after the exit. With the end of what holds it, an attempt ends 2 s after its program. */
const drainMs = 1_000;

/**
 * Starts a program. Throws `RaError`: `PROGRAM_NOT_FOUND`, `PROGRAM_NOT_EXECUTABLE`, `PROGRAM_ARGUMENTS_TOO_LONG`,
 * `DIRECTORY_NOT_FOUND` or `PROGRAM_NOT_STARTED`.
 */
export function startProcess(request: ProcessRequest): Running {
  const hold = holdProgram(request);
  const pumps = [
    pump(hold.stdout, receiver(request, request.onStdout)),
    pump(hold.stderr, receiver(request, request.onStderr)),
  ];
  return {
    get identity() {
      return hold.identity;
    },
    isHeld: hold.isHeld,
    ended: settle(hold, pumps),
    end: (graceMs, reach = "all") => hold.end(graceMs, reach),
  };
}

async function settle(hold: Hold, pumps: readonly Pump[]): Promise<ProcessEnd> {
  const read = Promise.all(pumps.map((one) => one.done));
  // It may fail long before the exit, when nobody waits for it yet.
  read.catch(() => {});
  const end = await hold.exited;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      for (const one of pumps) one.stop();
      resolve();
    }, drainMs);
  });
  try {
    await Promise.race([read, late]);
    await read;
  } finally {
    clearTimeout(timer);
  }
  return end;
}

interface Pump {
  readonly done: Promise<void>;
  /** Stops reading and closes the pipe; `done` then resolves. */
  stop(): void;
}

/** Whoever takes what one pipe brings. */
interface Receiver {
  take(bytes: Uint8Array): void;
  end(): void;
}

/** Log and lines of one pipe. The redaction comes first: past this point no secret is known to anybody. */
function receiver(
  { log, redactor, lineMax }: Pick<ProcessRequest, "log" | "redactor" | "lineMax">,
  onLine: OnLine | undefined,
): Receiver {
  const lines = onLine === undefined ? undefined : splitLines(onLine, lineMax);
  const hidden = redactor?.stream();
  let failure: { error: unknown } | undefined;
  // A broken reader of lines must not stop the reading: the program would block on a full pipe.
  const feed = (work: () => void): void => {
    if (failure) return;
    try {
      work();
    } catch (error) {
      failure = { error };
    }
  };
  const give = (bytes: Uint8Array): void => {
    if (bytes.length === 0) return;
    log?.write(bytes);
    if (lines) feed(() => lines.push(bytes));
  };
  return {
    take: (bytes) => give(hidden ? hidden.push(bytes) : bytes),
    end() {
      if (hidden) give(hidden.end());
      if (lines) feed(() => lines.end());
      if (failure) throw failure.error;
    },
  };
}

/** Each chunk is handled before the next is read, so that memory stays bounded whatever the program prints. */
function pump(stream: ReadableStream<Uint8Array>, receiver: Receiver): Pump {
  const reader = stream.getReader();
  return {
    done: drain(reader, receiver),
    stop: () => void reader.cancel().catch(() => {}),
  };
}

async function drain(
  reader: { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }> },
  receiver: Receiver,
): Promise<void> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done || value === undefined) break;
    receiver.take(value);
  }
  receiver.end();
}
