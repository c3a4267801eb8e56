import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { ExitCode, RaError } from "../../core/error.ts";

/** What is told of a file with a secret that is not fit. */
export interface PrivateFile {
  readonly path: string;
  /** What it holds: `the token`. */
  readonly what: string;
  /** What mends one that others may have read. */
  readonly hint: string;
}

/** The text of a file that nobody but its owner could have read; null when it is not there. Throws `RaError` (exit 6). */
export function readPrivate({ path, what, hint }: PrivateFile): string | null {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw tokenUnfit(`${what} cannot be read (\`${path}\`)`, "check who owns it", error);
  }
  try {
    const { mode, uid } = fstatSync(file);
    if ((mode & 0o077) !== 0 || (process.getuid !== undefined && uid !== process.getuid())) {
      throw tokenUnfit(`others may have read ${what} (\`${path}\`)`, hint);
    }
    return readFileSync(file, "utf8").trim();
  } finally {
    closeSync(file);
  }
}

/** A token that must not be used. */
export function tokenUnfit(message: string, hint: string, cause?: unknown): RaError {
  return new RaError({ code: "TOKEN_UNFIT", exitCode: ExitCode.environment, message, hint, cause });
}
