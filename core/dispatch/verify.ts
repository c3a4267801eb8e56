import { type OutputSink, openLog } from "../process/log.ts";
import { startProcess } from "../process.ts";
import type { Repository } from "../workspace/workspace.ts";

const graceMs = 5000;

/** How much of the output of a failed check is told, in characters. */
const tailMax = 600;

/** Runs a check command on a commit in a throw-away checkout. Null when it passed, else why not, with its last words. */
export async function verify(input: {
  readonly repository: Repository;
  readonly run: string;
  readonly task: string;
  readonly command: string;
  readonly commit: string;
  readonly timeoutMs: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly logPath: string;
  readonly signal: AbortSignal;
}): Promise<string | null> {
  const mark = `${input.run}/${input.task}/verify`;
  const scratch = await input.repository.openScratch(input.run, input.commit);
  const log = openLog(input.logPath);
  const tail = new Tail();
  try {
    const running = startProcess({
      argv: ["sh", "-c", input.command],
      cwd: scratch.path,
      env: input.environment,
      mark,
      log: {
        write(chunk) {
          log.write(chunk);
          tail.write(chunk);
        },
      },
    });
    let timedOut = false;
    const end = (): void => void running.end(graceMs);
    const timer = setTimeout(() => {
      timedOut = true;
      end();
    }, input.timeoutMs);
    input.signal.addEventListener("abort", end);
    const exit = await running.ended;
    clearTimeout(timer);
    input.signal.removeEventListener("abort", end);
    await running.end(graceMs);
    if (exit.code === 0) return null;
    const how = timedOut
      ? `had no end within ${input.timeoutMs / 1000} s`
      : exit.code === null
        ? `was ended by ${exit.signal}`
        : `exited ${exit.code}`;
    return `\`${input.command}\` ${how}${tail.text === "" ? "" : `:\n${tail.text}`}`;
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
