import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./program.ts";

/** What goes into the binary. */
const sources = ["cli", "core", "plugins", "package.json"];

/** A lock this old was left by a process that was killed, in milliseconds. */
const staleLockMs = 120_000;

const binary = join(root, "dist", "ra");
let ready: Promise<string> | undefined;

/** Path of the compiled `dist/ra`; builds it first when it is missing or older than its sources. Throws when that fails. */
export function raBinary(): Promise<string> {
  ready ??= build();
  return ready;
}

async function build(): Promise<string> {
  if (isFresh()) return binary;
  const name = createHash("sha256").update(root).digest("hex").slice(0, 12);
  const lock = join(tmpdir(), `ra-build-${name}.lock`);
  while (!takeLock(lock)) await Bun.sleep(50);
  try {
    // Another test process may have built it while this one waited.
    if (!isFresh()) runBuild();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
  return binary;
}

function runBuild(): void {
  const done = Bun.spawnSync([process.execPath, "run", "build"], { cwd: root, stdin: "ignore" });
  if (done.exitCode !== 0) throw new Error(`the build failed:\n${done.stderr.toString()}`);
}

function takeLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    const made = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - made > staleLockMs) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

function isFresh(): boolean {
  const built = statSync(binary, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return sources.every((source) => newest(join(root, source)) <= built);
}

/** Time of the newest file or directory at or below a path; a directory's tells of files that went. */
function newest(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  const below = readdirSync(path).map((name) => newest(join(path, name)));
  return Math.max(stat.mtimeMs, ...below);
}
