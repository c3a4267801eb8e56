import { closeSync, existsSync, openSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freeBytes } from "../disk-space.ts";

/**
 * Free bytes that a registry needs to be opened and written a few times. With less SQLite cannot map its index of the
 * log (`SQLITE_IOERR_SHMSIZE`), and on blocks below 4 KB the process dies of it (SIGBUS).
 */
export const headroomBytes: number = 512 * 1024;

/** A file that stands for room: it goes when the disk is full, so that requests and the end of a run can be recorded. */
const ballastBytes = 2 * 1024 * 1024;

/** The ballast is made only where it does no harm. */
const plentyBytes = 64 * 1024 * 1024;

function ballastOf(stateDir: string): string {
  return join(stateDir, "ballast");
}

/** True when a registry can be opened and written. */
export function hasRoom(stateDir: string): boolean {
  return freeBytes(stateDir) >= headroomBytes;
}

/** As `hasRoom`, and gives up the ballast for it. Where there is plenty the ballast is made. */
export function makeRoom(stateDir: string): boolean {
  const free = freeBytes(stateDir);
  if (free >= plentyBytes) keepBallast(stateDir);
  if (free >= headroomBytes) return true;
  rmSync(ballastOf(stateDir), { force: true });
  return freeBytes(stateDir) >= headroomBytes;
}

function keepBallast(stateDir: string): void {
  const path = ballastOf(stateDir);
  if (existsSync(path)) return;
  try {
    // Noise, so that no file system stores it in less.
    const noise = new Uint8Array(ballastBytes);
    for (let at = 0; at < ballastBytes; at += 65_536) {
      crypto.getRandomValues(noise.subarray(at, at + 65_536));
    }
    writeFileSync(path, noise, { flag: "wx", mode: 0o600 });
  } catch (error) {
    // Half a ballast must not pass for a whole one.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") rmSync(path, { force: true });
  }
}

/** `FALLOC_FL_KEEP_SIZE` of Linux, and how much of the index of the log is given its blocks at once. */
const keepSize = 1;
const indexBytes = 128 * 1024;

/** Blocks from this size on are filled by SQLite itself. */
const pageBytes = 4096;

/** The C library, as glibc and musl name it. */
const libraries = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/**
 * Gives the index of the log (`-shm`) all its blocks. On blocks below 4 KB SQLite leaves holes in it, and a write into
 * one kills the process once the disk is full. Gives a way to let go of the file, for after the connection is closed:
 * before, that would let go of SQLite's locks as well.
 */
export async function fillIndex(path: string): Promise<() => void> {
  const nothing = (): void => {};
  if (process.platform !== "linux" || statfsSync(path).bsize >= pageBytes) return nothing;
  const { dlopen } = await import("bun:ffi");
  const handle = openSync(`${path}-shm`, "r+");
  const signature = { fallocate: { args: ["i32", "i32", "i64", "i64"], returns: "i32" } } as const;
  for (const library of libraries) {
    try {
      const { symbols, close } = dlopen(library, signature);
      symbols.fallocate(handle, keepSize, 0n, BigInt(indexBytes));
      close();
      break;
    } catch {
      // Not this C library.
    }
  }
  return () => closeSync(handle);
}
