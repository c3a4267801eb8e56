import { ExitCode, RaError } from "../core/error.ts";

/** What a person typed cannot be understood: code `USAGE`, exit code 2. */
export function usageError(message: string, hint?: string): RaError {
  return new RaError({ code: "USAGE", exitCode: ExitCode.usage, message, hint });
}
