import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { ExitCode, RaError } from "../error.ts";
import { isNear } from "../limits.ts";
import type { Git } from "./git.ts";

/** What the files that a result adds or changes may come to. */
export interface ResultLimits {
  readonly files: number;
  readonly bytes: number;
}

/** Files and their bytes. */
interface Size {
  files: number;
  bytes: number;
}

/** Files that are asked for their length at a time. */
const atOnce = 500;

/**
 * Looks how much a directory holds beyond its index, before git reads a byte of it: a file of 50 GB would take up its
 * hour and the disk. Gives a note when that is near what it may be. Throws `RaError` (exit 6) when it is more.
 */
export async function requireFit(
  control: Git,
  call: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
  limits: ResultLimits,
): Promise<readonly string[]> {
  const args = ["ls-files", "--modified", "--others", "--exclude-standard", "-z"];
  // Whole directories stand for all that is in them, what git ignores included: more than the result at most.
  const listed = paths(await control.run([...args, "--directory"], call));
  const most = await sizeOf(call.cwd, listed, limits);
  const size = isBeyond(most, limits)
    ? await sizeOf(call.cwd, paths(await control.run(args, call)), limits)
    : most;
  if (isBeyond(size, limits)) throw beyond(call.cwd, size, limits);
  const notes: string[] = [];
  if (isNear(size.files, limits.files)) {
    notes.push(`it adds or changes ${size.files} files, and ${limits.files} are the most`);
  }
  if (isNear(size.bytes, limits.bytes)) {
    notes.push(`it adds or changes ${size.bytes} bytes, and ${limits.bytes} are the most`);
  }
  return notes;
}

/** What counts once git has staged it: files that `keep` names are not seen before. */
export function requireFew(path: string, files: number, limits: ResultLimits): void {
  if (files > limits.files) throw beyond(path, { files, bytes: 0 }, limits);
}

function isBeyond(size: Size, limits: ResultLimits): boolean {
  return size.files > limits.files || size.bytes > limits.bytes;
}

function paths(listed: string): readonly string[] {
  // One that was changed and is in conflict stands there more than once.
  return [...new Set(listed.split("\0").filter((path) => path !== ""))];
}

/** What paths come to, counted no further than beyond the limits. */
async function sizeOf(
  root: string,
  listed: readonly string[],
  limits: ResultLimits,
): Promise<Size> {
  const size: Size = { files: 0, bytes: 0 };
  const open = listed.filter((path) => path.endsWith("/"));
  await addFiles(
    root,
    listed.filter((path) => !path.endsWith("/")),
    size,
    limits,
  );
  while (open.length > 0 && !isBeyond(size, limits)) {
    const dir = open.pop() as string;
    const entries = await readdir(join(root, dir), { withFileTypes: true }).catch(() => []);
    const files: string[] = [];
    for (const entry of entries) {
      const path = `${dir}${entry.name}`;
      if (!entry.isDirectory()) files.push(path);
      else if (entry.name !== ".git") open.push(`${path}/`);
    }
    await addFiles(root, files, size, limits);
  }
  return size;
}

async function addFiles(
  root: string,
  files: readonly string[],
  size: Size,
  limits: ResultLimits,
): Promise<void> {
  for (let at = 0; at < files.length && !isBeyond(size, limits); at += atOnce) {
    const some = files.slice(at, at + atOnce);
    const found = await Promise.all(some.map((path) => lstat(join(root, path)).catch(() => null)));
    for (const file of found) {
      // Gone is a change of nothing; a directory is a submodule.
      if (file === null || file.isDirectory()) continue;
      size.files += 1;
      size.bytes += file.size;
    }
  }
}

/** True when an error says that a result is more than it may be. */
export function isTooLarge(error: unknown): error is RaError {
  return error instanceof RaError && error.code === code;
}

/** The same error, once the directory has moved. */
export function tooLarge(error: RaError, from: string, to: string): RaError {
  const { hint } = error;
  const message = error.message.replace(`\`${from}\``, () => `\`${to}\``);
  return new RaError({ code, exitCode: error.exitCode, message, hint });
}

const code = "RESULT_TOO_LARGE";

function beyond(path: string, size: Size, limits: ResultLimits): RaError {
  const what =
    size.files > limits.files
      ? `more than ${limits.files} files that it added or changed`
      : `more than ${limits.bytes} bytes in files that it added or changed`;
  return new RaError({
    code,
    exitCode: ExitCode.environment,
    message: `the result has ${what}; nothing of it was taken, and all of it stays in \`${path}\``,
    hint: "remove there what does not belong to it, or let more pass with `results: { files: N, bytes: SIZE }` in a config",
  });
}
