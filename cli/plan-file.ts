import { constants, type Stats } from "node:fs";
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { ExitCode, RaError } from "../core/error.ts";
import { decodeText } from "../core/plan/decode.ts";
import type { Issue } from "../core/plan/plan.ts";
import type { IssuePrefix } from "../core/plan/source.ts";
import type { Result } from "../core/result.ts";

/** Bytes a plan or config may hold. */
export const fileMax = 8 * 1024 * 1024;

/**
 * Reads a plan, `-` being standard input. Throws `RaError` (exit 2) for what is no readable file of at most 8 MB,
 * before any of it is in memory; text that is not UTF-8 is an issue.
 */
export async function readPlanFile(
  path: string,
  from: { readonly cwd: string; readonly stdin?: ReadableStream<Uint8Array> },
): Promise<Result<string, readonly Issue[]>> {
  if (path === "-") {
    return decodeText(await readStream(from.stdin ?? Bun.stdin.stream()), "PLAN");
  }
  const text = await readTextFile(resolve(from.cwd, path), path, "PLAN");
  if (text) return text;
  throw refuse(path, "does not exist", "check the path; `ra schema plan` tells what a plan holds");
}

/** Reads a file as `readPlanFile` does. Null when it does not exist. `shown` is its name in messages. */
export async function readTextFile(
  path: string,
  shown: string,
  prefix: IssuePrefix,
): Promise<Result<string, readonly Issue[]> | null> {
  // Without O_NONBLOCK, opening a named pipe waits until somebody writes to it.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return null;
    throw refuse(shown, `cannot be read (${cause.code})`, "check its permissions", cause);
  });
  if (!file) return null;
  try {
    refuseUnfit(await file.stat(), shown);
    const bytes = new Uint8Array(fileMax + 1);
    let size = 0;
    for (;;) {
      const { bytesRead } = await file.read(bytes, size, bytes.length - size, size);
      size += bytesRead;
      if (size > fileMax) throw tooLarge(shown);
      if (bytesRead === 0) break;
    }
    return decodeText(bytes.subarray(0, size), prefix);
  } finally {
    await file.close();
  }
}

async function readStream(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > fileMax) throw tooLarge("-");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refuseUnfit(stats: Stats, shown: string): void {
  if (stats.isDirectory()) throw refuse(shown, "is a directory", "name a file in it");
  if (!stats.isFile()) {
    throw refuse(shown, "is not a regular file", "pipe it in and name `-` as the plan");
  }
  if (stats.size > fileMax) throw tooLarge(shown);
}

function tooLarge(shown: string): RaError {
  return refuse(shown, "is larger than 8 MB", "split it into several files");
}

function refuse(shown: string, what: string, hint: string, cause?: unknown): RaError {
  const message = `\`${shown}\` ${what}`;
  return new RaError({ code: "FILE_UNFIT", exitCode: ExitCode.usage, message, hint, cause });
}
