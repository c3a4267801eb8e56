import { assert } from "../../core/assert.ts";
import { ExitCode, RaError } from "../../core/error.ts";
import { type Apart, startApart } from "../../core/process/apart.ts";
import type { Terminal } from "../command.ts";
import { self } from "../custody.ts";
import { Refusal } from "./refusal.ts";

/** Commands that may run at once. */
const commandsMax = 8;

/** A command and what it works on, with more. */
type CommandWords = readonly [string, string, ...string[]];

/** The first line of a command's JSON. */
type ToldByCommand = Readonly<Record<string, unknown>>;

/**
 * Runs commands of `ra` in processes of their own, as a person would in a shell. They outlive this process when it is killed, and
 * end with it when it is told to end.
 */
export class CommandProcesses {
  readonly #terminal: Pick<Terminal, "cwd" | "env">;
  readonly #program: typeof self;
  readonly #processes = new Set<Apart>();
  #isClosed = false;

  /** `program`: what stands before the words of a command; `ra` itself. */
  constructor(terminal: Pick<Terminal, "cwd" | "env">, program: typeof self = self) {
    this.#terminal = terminal;
    this.#program = program;
  }

  /**
   * Runs a command until it prints the first line of its JSON, which is that it has begun, and gives that line; it may go on behind
   * it. Throws `RaError` with what it refused, `Refusal` when too many run.
   */
  async begin(...args: CommandWords): Promise<ToldByCommand> {
    const { told } = await this.#run(args);
    return told;
  }

  /** As `begin`, for a command whose first line is what has come of it; it has let go of its run when this resolves. */
  async finish(...args: CommandWords): Promise<ToldByCommand> {
    const { told, ended } = await this.#run(args);
    await ended;
    return told;
  }

  async #run(args: CommandWords): Promise<{
    readonly told: ToldByCommand;
    readonly ended: Promise<number | null>;
  }> {
    if (this.#isClosed) throw new Refusal(503, "ENDING", "the gateway is about to end");
    if (this.#processes.size >= commandsMax) {
      throw new Refusal(503, "TOO_MANY", `${commandsMax} commands of the gateway run already`);
    }
    const { cwd, env } = this.#terminal;
    const started = startApart([...this.#program, ...args, "--json"], { cwd, env, isHeard: true });
    this.#processes.add(started);
    const ended = started.exited.finally(() => this.#processes.delete(started));
    assert(started.said, "it is heard");
    const line = await firstLine(started.said);
    const told = line === null ? null : (JSON.parse(line) as ToldByCommand & Failure);
    const error = told === null ? null : errorIn(told);
    if (told === null || error !== null)
      throw refused(args.slice(0, 2).join(" "), error, await ended);
    return { told, ended };
  }

  /** Runs nothing more, has everything that runs interrupted, and waits for that: the work is kept. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const one of this.#processes) one.end();
    await Promise.all([...this.#processes].map(({ exited }) => exited));
  }
}

/** Null: it ended without one. Nobody reads on: what else it tells stands in the registry. */
async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string | null> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stream) {
    text += decoder.decode(bytes, { stream: true });
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
  }
  return null;
}

interface Told {
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string | null;
}

/** What the first line of a command says when it has failed. */
interface Failure {
  readonly ok?: boolean;
  readonly error?: Told;
  readonly problems?: readonly Told[];
}

/** What a command says went wrong; null: nothing. */
function errorIn(told: Failure): Told | null {
  if (told.ok !== false) return null;
  return told.error ?? { ...told.problems?.[0], code: "CONFIG_INVALID" };
}

function refused(command: string, told: Told | null, exitCode: number | null): RaError {
  const { code, message, hint } = told ?? {};
  return new RaError({
    code: code ?? "COMMAND_ENDED",
    message:
      message ?? `\`ra ${command}\` ended without a word (exit ${exitCode ?? "by a signal"})`,
    hint: hint ?? undefined,
    exitCode: exitCodes.has(exitCode) ? (exitCode as ExitCode) : ExitCode.environment,
  });
}

const exitCodes: ReadonlySet<number | null> = new Set(Object.values(ExitCode));
