import { SQLiteError } from "bun:sqlite";
import { ExitCode, RaError } from "../error.ts";

/** What mends a damaged registry. Results stay in git below `refs/ra/` whatever becomes of it. */
export const mending =
  "`ra doctor --mend` moves it aside and keeps every run that can still be read";
const full = [
  "REGISTRY_FULL",
  "the disk is full: nothing can be written to the registry",
  "free some space and run the command again; what was recorded before is safe",
] as const;

/** What a person can do about an SQLite error, by the start of its code. The first match counts. */
const troubles: readonly (readonly [
  prefix: string,
  code: string,
  message: string,
  hint: string,
])[] = [
  ["SQLITE_FULL", ...full],
  // The index of the log cannot grow.
  ["SQLITE_IOERR_SHMSIZE", ...full],
  [
    "SQLITE_BUSY",
    "REGISTRY_BUSY",
    "another process keeps the registry locked",
    "wait a moment and run the command again; `ra ps` shows who is at work",
  ],
  ["SQLITE_CORRUPT", "REGISTRY_DAMAGED", "the registry is damaged", mending],
  ["SQLITE_NOTADB", "REGISTRY_DAMAGED", "the registry is not a database", mending],
  [
    "SQLITE_READONLY",
    "REGISTRY_READ_ONLY",
    "the registry cannot be written to",
    "check who owns the file and whether its disk is mounted read-only",
  ],
  [
    "SQLITE_CANTOPEN",
    "REGISTRY_UNREADABLE",
    "the registry cannot be opened",
    "check who owns the directory and whether its disk is there",
  ],
];

/** Nothing can be written to a registry, for want of room. */
export function registryFull(path: string): RaError {
  const [code, message, hint] = full;
  return environmentError(code, `${message} (\`${path}\`)`, hint);
}

/** An error of SQLite as what a person must mend (exit 6). Anything else comes back as it is. */
export function registryTrouble(cause: unknown, path: string): unknown {
  if (!(cause instanceof SQLiteError)) return cause;
  const code = cause.code ?? "an unknown error";
  const [, name, message, hint] = troubles.find(([prefix]) => code.startsWith(prefix)) ?? [
    "",
    "REGISTRY_FAILED",
    `the registry failed with ${code}`,
    "check the disk it is on; what was recorded before is safe",
  ];
  return environmentError(name, `${message} (\`${path}\`)`, hint, cause);
}

/** The error for what the registry holds and cannot be: its bytes were changed, though SQLite can read them. */
export function damaged(path: string, what: string, cause: unknown): RaError {
  const message = `the registry is damaged: ${what} (\`${path}\`)`;
  return environmentError("REGISTRY_DAMAGED", message, mending, cause);
}

/** JSON of a derived table. Throws `RaError` (exit 6) when it is none. */
export function parsed<T>(path: string, text: string): T {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(path, "a derived table holds what it cannot", cause);
  }
}

/** As `registryTrouble`, and for what the file system says when the registry is opened. */
export function openingTrouble(cause: unknown, path: string): unknown {
  const code = cause instanceof Error && "syscall" in cause && "code" in cause ? cause.code : null;
  if (typeof code !== "string") return registryTrouble(cause, path);
  return environmentError(
    "REGISTRY_UNREADABLE",
    `the registry cannot be opened: ${code} (\`${path}\`)`,
    "check who owns the directory and whether its disk is there and writable",
    cause,
  );
}

/** A fault of the surroundings: exit 6. */
export function environmentError(
  code: string,
  message: string,
  hint: string,
  cause?: unknown,
): RaError {
  return new RaError({ code, exitCode: ExitCode.environment, message, hint, cause });
}
