import { copyFile, open, rename, stat, utimes } from "node:fs/promises";
import { join } from "node:path";

/**
 * Flushes the directories of a ref, from `refs` down to the one that holds it. Git flushes the file but
 * not its name; without this a ref that was reported as written can be gone after a power cut.
 */
export async function flushRef(commonDir: string, ref: string): Promise<void> {
  const parts = ref.split("/").slice(0, -1);
  for (let depth = parts.length; depth > 0; depth--) {
    await flushDirectory(join(commonDir, ...parts.slice(0, depth)));
  }
}

async function flushDirectory(path: string): Promise<void> {
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
