import { ExitCode, RaError } from "../core/error.ts";
import { parseArguments } from "./args.ts";
import type { CommandSpec, Terminal } from "./command.ts";

/**
 * Runs one command line and gives its exit code. What a person must mend is told to the terminal, as one JSON
 * object on standard output when `--json` is given; everything else that is thrown is a bug and passes through.
 */
export async function invoke(
  specs: readonly CommandSpec[],
  argv: readonly string[],
  terminal: Terminal,
  version: string,
): Promise<ExitCode> {
  try {
    const request = parseArguments(specs, argv);
    if (request.kind === "version") {
      terminal.out(`ra ${version}\n`);
      return ExitCode.ok;
    }
    if (request.kind === "help") {
      const { commandHelp, overview } = await import("./help.ts");
      terminal.out(request.command ? commandHelp(request.command) : overview(specs));
      return ExitCode.ok;
    }
    const body = await request.command.load();
    return await body.run({ terminal, args: request.args, options: request.options });
  } catch (thrown) {
    const error = firstOf(thrown);
    if (!(error instanceof RaError)) throw thrown;
    await report(terminal, error, wantsJson(argv));
    return error.exitCode;
  }
}

/** What was thrown first: while it passed, closing a registry that cannot be written may have thrown as well. */
function firstOf(error: unknown): unknown {
  return error instanceof SuppressedError ? firstOf(error.suppressed) : error;
}

/** True when the words of a command line ask for JSON, also when the line itself is wrong. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end < 0 ? argv : argv.slice(0, end)).includes("--json");
}

async function report(terminal: Terminal, error: RaError, json: boolean): Promise<void> {
  if (error.code === "PLAN_INVALID" || error.code === "CONFIG_INVALID") {
    const { InvalidFile, showProblems } = await import("./view/problem.ts");
    if (error instanceof InvalidFile) return showProblems(terminal, error, json);
  }
  const { errorJson, renderError } = await import("./fault.ts");
  if (json && error.code !== "OUTPUT") terminal.out(errorJson(error));
  else terminal.err(renderError(error, terminal.color));
}
