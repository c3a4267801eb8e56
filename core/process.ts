import type { ProcessIdentity } from "./id.ts";
import { startFailure } from "./process/failure.ts";
import { splitLines } from "./process/lines.ts";
import type { OutputSink } from "./process/log.ts";
import { answers, markVariable, processIdentity } from "./process/table.ts";
import { endTree, type Group, ownStartTicks, type Survivor } from "./process/tree.ts";
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
  const child = Bun.spawn([...argv], {
    cwd: options.cwd,
    env: options.env,
    stdin: inputOf(options.input),
    stdout: "pipe",
    stderr: "pipe",
    // Ctrl-C at the terminal goes to its whole process group: it must not end a git that is at work.
    detached: true,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const [bytes, stderr] = await Promise.all([child.stdout.bytes(), child.stderr.text()]);
  await child.exited;
  return { code: child.exitCode, bytes, stderr };
}

function inputOf(input: string | Blob | undefined): "ignore" | Blob {
  if (input === undefined) return "ignore";
  return typeof input === "string" ? new Blob([input]) : input;
}

/** A program to start in a session and process group of its own. */
export interface ProcessRequest {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  /** The whole environment, as `programEnvironment` makes it. */
  readonly env: Readonly<Record<string, string>>;
  /** Goes into the environment as `RA_ATTEMPT`; unique, so that everything that inherits it can be found again. */
  readonly mark?: string;
  /** Written to standard input, which is then closed. Without it standard input is `/dev/null`. */
  readonly stdin?: string;
  /** Hides secrets in both outputs before anybody gets them. */
  readonly redactor?: Redactor | null;
  /** Gets the bytes of standard output and error as they come. */
  readonly log?: OutputSink;
  /** Each line without its end; lines longer than 1 MiB come in pieces. A throw makes `ended` reject. */
  readonly onStdout?: (line: string) => void;
  readonly onStderr?: (line: string) => void;
  /** A directory nobody else works in; who still stands there at the end is named as a survivor. */
  readonly territory?: string;
}

/** How a program came to its end. */
export interface ProcessEnd {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that `startProcess` started. */
export interface Running {
  /** Ask for it before the end: afterwards the pid may be somebody else's, and the ticks are null if never read. */
  readonly identity: ProcessIdentity;
  /** Settles at the exit, when the output was read, but at most 2 s after it: a grandchild may hold the pipes. */
  readonly ended: Promise<ProcessEnd>;
  /**
   * Ends the whole tree, TERM first and KILL after `graceMs`, and returns what still runs. After the exit it ends
   * what was left behind; `"group"` looks at the process group alone, which costs nothing when it is empty.
   */
  end(graceMs: number, reach?: "all" | "group"): Promise<readonly Survivor[]>;
}

/** How long output is still read after the exit. */
const drainMs = 2_000;

/**
 * Starts a program. Throws `RaError`: `PROGRAM_NOT_FOUND`, `PROGRAM_NOT_EXECUTABLE`, `PROGRAM_ARGUMENTS_TOO_LONG`,
 * `DIRECTORY_NOT_FOUND` or `PROGRAM_NOT_STARTED`.
 */
export function startProcess(request: ProcessRequest): Running {
  const child = spawn(request);
  const leader = lazyIdentity(child);
  let held = true;
  const group: Group = {
    get leader() {
      return leader();
    },
    held() {
      if (held && isOver(child)) held = answers(-child.pid);
      return held;
    },
  };
  const pumps = [
    pump(child.stdout, receiver(request, request.onStdout)),
    pump(child.stderr, receiver(request, request.onStderr)),
  ];
  return {
    get identity() {
      return leader();
    },
    ended: settle(child, group, pumps),
    end(graceMs, reach = "all") {
      if (reach === "group" && !group.held()) return Promise.resolve([]);
      const marks = new Set(reach === "all" && request.mark !== undefined ? [request.mark] : []);
      const territory = reach === "all" ? (request.territory ?? null) : null;
      const sinceTicks = leader().startTicks ?? ownStartTicks();
      return endTree({ group, marks, territory, sinceTicks }, graceMs);
    },
  };
}

type Child = Bun.Subprocess<"ignore" | Uint8Array<ArrayBuffer>, "pipe", "pipe">;

function spawn(request: ProcessRequest): Child {
  const { argv, cwd, env, mark, stdin } = request;
  try {
    return Bun.spawn([...argv], {
      cwd,
      env: mark === undefined ? env : { ...env, [markVariable]: mark },
      detached: true,
      stdin: stdin === undefined ? "ignore" : new TextEncoder().encode(stdin),
      stdout: "pipe",
      stderr: "pipe",
    });
  } catch (error) {
    throw startFailure(argv[0], cwd, error);
  }
}

/** Reads the start ticks when they are first asked for: a file read is much beside a short command. */
function lazyIdentity(child: Child): () => ProcessIdentity {
  let identity: ProcessIdentity | undefined;
  return () => {
    if (identity) return identity;
    identity = isOver(child) ? { pid: child.pid, startTicks: null } : processIdentity(child.pid);
    return identity;
  };
}

function isOver(child: Child): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function settle(child: Child, group: Group, pumps: readonly Pump[]): Promise<ProcessEnd> {
  const read = Promise.all(pumps.map((one) => one.done));
  // It may fail long before the exit, when nobody waits for it yet.
  read.catch(() => {});
  await child.exited;
  // Right at the exit the group's id is still ours for certain, or the group is gone for good.
  group.held();
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
  return { code: child.exitCode, signal: child.signalCode as NodeJS.Signals | null };
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
  { log, redactor }: Pick<ProcessRequest, "log" | "redactor">,
  onLine: ((line: string) => void) | undefined,
): Receiver {
  const lines = onLine === undefined ? undefined : splitLines(onLine);
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
