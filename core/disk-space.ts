import { existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";

/** Free bytes below which a disk counts as full, by default: a clone with its packages may not fit. */
export const lowWaterDefault: number = 512 * 1024 * 1024;

/** The path itself or the nearest directory above it that exists. */
export function nearestDirectory(path: string): string {
  const parent = dirname(path);
  return existsSync(path) || parent === path ? path : nearestDirectory(parent);
}

/** Bytes that may still be written below a path; the nearest directory that exists tells. Infinity where it cannot be told. */
export function freeBytes(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(nearestDirectory(path));
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** What programs say when a disk, or somebody's share of it, is full. */
const words = /No space left on device|Disk quota exceeded|database or disk is full/i;

/** True when an error comes of a full disk, whoever says so: the system, git or SQLite. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  const codes = ["ENOSPC", "EDQUOT", "SQLITE_FULL", "REGISTRY_FULL"];
  return codes.includes(String(code)) || words.test(error.message) || isDiskFull(cause);
}
