import { constants } from "node:fs";
import { copyFile, open, rename, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Files that are flushed side by side: their flushes then share a write of the file system's journal. */
const flushesMax = 16;

/**
 * The directories that name a ref, from `refs` down, and the one of a repository on reftable. Git flushes the file but not
 * its name: without them a ref that was reported as written can be gone after a power cut.
 */
export function refDirectories(commonDir: string, ref: string): readonly string[] {
  const parts = ref.split("/").slice(0, -1);
  const below = parts.map((_, depth) => join(commonDir, ...parts.slice(0, depth + 1)));
  return [...below, join(commonDir, reftableName)];
}

/** The directory in which a repository on reftable keeps all refs. */
export const reftableName = "reftable";

/** Flushes a file. Gone, or no plain file, is fine. */
export async function flushFile(path: string): Promise<void> {
  // Never through a link, and never waiting for the other end of a pipe.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    if (["ENOENT", "ENOTDIR", "ELOOP", "ENXIO", "EACCES"].includes(error.code ?? "")) return null;
    throw error;
  });
  if (handle === null) return;
  try {
    if ((await handle.stat()).isFile()) await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Flushes files of a checkout and the directories that name them. Git flushes nothing there: after a power cut
 * a file that it wrote would be empty, beside an index that calls it unchanged.
 */
export async function flushPaths(root: string, paths: readonly string[]): Promise<void> {
  const dirs = new Set<string>([root]);
  for (const path of paths) {
    for (let dir = dirname(path); dir !== "."; dir = dirname(dir)) dirs.add(join(root, dir));
  }
  await flushAll(
    paths.map((path) => join(root, path)),
    [...dirs],
  );
}

/** Flushes files, and then the names in directories. */
export async function flushAll(files: readonly string[], dirs: readonly string[]): Promise<void> {
  await sideBySide(files, flushFile);
  await sideBySide(dirs, flushDirectory);
}

async function sideBySide<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const queue = all.values();
  const lane = async (): Promise<void> => {
    for (const one of queue) await work(one);
  };
  await Promise.all(Array.from({ length: Math.min(flushesMax, all.length) }, lane));
}

/** Flushes the names in a directory. One that is not there is fine. */
export async function flushDirectory(path: string): Promise<void> {
  // A repository on reftable, or with the ref packed meanwhile, has no such directory.
  const handle = await open(path, "r").catch(() => null);
  if (handle === null) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Copies an index with its modification time: git tells by that time which entries it must read again. It is there as a
 * whole or not at all: a workspace whose index was cut off by a crash would pass for one that cannot be kept.
 */
export async function copyIndex(from: string, to: string): Promise<void> {
  const { mtimeMs } = await stat(from);
  const draft = `${to}.new`;
  await copyFile(from, draft);
  // Rounded down: an index that looks older makes git read more, never less.
  const time = new Date(Math.floor(mtimeMs));
  await utimes(draft, time, time);
  await rename(draft, to);
}
