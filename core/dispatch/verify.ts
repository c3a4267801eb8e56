import { logNotes, type OutputSink, type Recording } from "../process/log.ts";
import { type Machine, thisMachine } from "../process/machine.ts";
import { survivorNotes } from "../process/tree.ts";
import type { Repository } from "../workspace/workspace.ts";

const graceMs = 5000;

/** How long what a check left behind has. */
const leftoverGraceMs = 750;

/** How much of the output of a failed check is told, in characters. */
const tailMax = 600;

/** What a check says of a commit. */
export interface Verdict {
  /** Null when it passed, else why not, with its last words. */
  readonly complaint: string | null;
  /** What a person should know although it passed. */
  readonly notes: readonly string[];
}

/** A check command and the commit it runs on. */
export interface CheckRequest {
  readonly repository: Repository;
  readonly run: string;
  readonly task: string;
  readonly command: string;
  readonly commit: string;
  /** Milliseconds for one try. */
  readonly timeoutMs: number;
  /** How often it may run before it counts as failed, at least 1. */
  readonly tries: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Where the output of a try goes; tries count from 1. */
  readonly logPath: (tries: number) => string;
  readonly recording: Recording;
  /** Ends the check, which then counts as failed. */
  readonly signal: AbortSignal;
  /** Where it runs; this machine by default. */
  readonly machine?: Machine;
}

/** Name of the file that holds what a try of a check printed; tries count from 1. */
export function checkLog(name: string, tries: number): string {
  return `${name}.verify${tries === 1 ? "" : `.${tries}`}.log`;
}

/**
 * Runs a check command on a commit, each try in a throw-away checkout of its own, until it passes or its tries are
 * used up. A pass after a failure is a pass with a note. Throws `RaError` when there is no checkout to be had.
 */
export async function verify(request: CheckRequest): Promise<Verdict> {
  const { command, tries, signal, recording } = request;
  const text = (words: string): string => recording.redactor?.text(words) ?? words;
  const complaints: string[] = [];
  while (complaints.length < tries && !signal.aborted) {
    const { complaint, notes } = await tryOnce(request, complaints.length + 1);
    if (complaint === null) {
      const lacking = notes.map((note) => `\`${command}\`: ${note}`);
      return { complaint, notes: [...flakiness(command, complaints), ...lacking].map(text) };
    }
    complaints.push(text([complaint, ...notes].join("\n")));
  }
  const last = complaints.at(-1) ?? `\`${command}\` was not run, since the run ends`;
  const count = complaints.length > 1 ? `${complaints.length} tries failed; the last: ` : "";
  return { complaint: `${count}${last}`, notes: [] };
}

function flakiness(command: string, complaints: readonly string[]): string[] {
  if (complaints.length === 0) return [];
  const [first = ""] = (complaints.at(-1) ?? "").split("\n");
  const how = first.replace(`\`${command}\` `, "").replace(/:$/, "");
  return [`flaky check: \`${command}\` passed at try ${complaints.length + 1}; before, it ${how}`];
}

/** One try. Its notes tell of what its log lacks. */
async function tryOnce(request: CheckRequest, number: number): Promise<Verdict> {
  const { repository, run, task, command, commit, timeoutMs, environment, signal } = request;
  const { bytesMax, redactor } = request.recording;
  const { machine = thisMachine } = request;
  const scratch = await repository.openScratch(run, commit);
  const log = machine.openLog(request.logPath(number), bytesMax);
  const tail = new Tail();
  try {
    const running = machine.start({
      argv: ["sh", "-c", command],
      cwd: scratch.path,
      env: environment,
      mark: `${run}/${task}/verify`,
      redactor,
      log: {
        write(chunk) {
          log.write(chunk);
          tail.write(chunk);
        },
      },
    });
    let timedOut = false;
    let ending: Promise<unknown> = Promise.resolve();
    const end = (): void => {
      ending = running.end(graceMs);
    };
    const stopTimer = machine.clock.after(timeoutMs, () => {
      timedOut = true;
      end();
    });
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    const exit = await running.ended;
    stopTimer();
    signal.removeEventListener("abort", end);
    // The next try has the same mark: what still looks for it must have ended.
    await ending;
    const left = await running.end(leftoverGraceMs);
    log.end();
    const notes = [...logNotes(log), ...survivorNotes(left)];
    if (exit.code === 0 && !timedOut) return { complaint: null, notes };
    const how = timedOut
      ? `had no end within ${timeoutMs / 1000} s`
      : exit.code === null
        ? `was ended by ${exit.signal}${exit.overrun === undefined ? "" : `: ${exit.overrun}`}`
        : `exited ${exit.code}`;
    return {
      complaint: `\`${command}\` ${how}${tail.text === "" ? "" : `:\n${tail.text}`}`,
      notes,
    };
  } finally {
    log.end();
    await scratch.close();
  }
}

/** The end of an output. */
class Tail implements OutputSink {
  #bytes = Buffer.alloc(0);

  write(chunk: Uint8Array): void {
    this.#bytes = Buffer.from(Buffer.concat([this.#bytes, chunk]).subarray(-4 * tailMax));
  }

  get text(): string {
    return this.#bytes.toString("utf8").slice(-tailMax).trim();
  }
}
