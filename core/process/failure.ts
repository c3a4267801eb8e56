import { statSync } from "node:fs";
import { ExitCode, RaError } from "../error.ts";

/**
 * What a failed start means, as something a person can mend. The system says `ENOENT` for a missing program and
 * for a missing working directory alike, so the directory is looked at.
 */
export function startFailure(program: string, cwd: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === undefined) return error;
  if (!isDirectory(cwd)) {
    return new RaError({
      code: "DIRECTORY_NOT_FOUND",
      exitCode: ExitCode.environment,
      message: `\`${program}\` cannot start in \`${cwd}\`, which is not a directory`,
      hint: "look whether something removed or moved it",
      cause: error,
    });
  }
  const trouble = troubles[code];
  return new RaError({
    code: trouble?.code ?? "PROGRAM_NOT_STARTED",
    exitCode: ExitCode.runnerUnfit,
    message: `\`${program}\` ${trouble?.message ?? `could not be started (${code})`}`,
    hint: trouble?.hint,
    cause: error,
  });
}

const troubles: Readonly<Record<string, { code: string; message: string; hint: string }>> = {
  ENOENT: {
    code: "PROGRAM_NOT_FOUND",
    message: "was not found",
    hint: "install it, or put its directory on `PATH`",
  },
  EACCES: {
    code: "PROGRAM_NOT_EXECUTABLE",
    message: "is there but may not be executed",
    hint: "make it executable with `chmod +x`",
  },
  ENOEXEC: {
    code: "PROGRAM_NOT_EXECUTABLE",
    message: "is neither a program for this machine nor a script with a `#!` line",
    hint: "begin the script with a line such as `#!/bin/sh`",
  },
  E2BIG: {
    code: "PROGRAM_ARGUMENTS_TOO_LONG",
    message: "was given more arguments or environment than the system allows",
    hint: "give long text on standard input or in a file",
  },
};

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
