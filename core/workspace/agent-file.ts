import { constants, type Dirent } from "node:fs";
import { lstat, open, readdir, realpath } from "node:fs/promises";
import { isAbsolute, relative } from "node:path";

/** What a file that an agent may have made says. */
export interface AgentText {
  /** One character for one byte. */
  readonly text: string;
  /** True when the file is longer and only its last part was read. */
  readonly cut: boolean;
}

/**
 * Reads a regular file an agent may have made: no symlink in its last part is followed, no fifo is waited for, and of
 * a long file only the last `bytesMax` bytes are read. Null when there is no such file or it cannot be read.
 */
export async function readAgentFile(path: string, bytesMax: number): Promise<AgentText | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(path, flags).catch(() => null);
  if (handle === null) return null;
  try {
    const found = await handle.stat();
    if (!found.isFile()) return null;
    const length = Math.min(found.size, bytesMax);
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await handle.read(buffer, 0, length, found.size - length);
    return { text: buffer.toString("latin1", 0, bytesRead), cut: found.size > length };
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}

/** Entries of a directory that is one and no symlink to one; none when it cannot be read. */
export async function listAgentDirectory(path: string): Promise<readonly Dirent[]> {
  if (!(await isRealDirectory(path))) return [];
  return await readdir(path, { withFileTypes: true }).catch(() => []);
}

/** True for a directory that is no symlink. */
export async function isRealDirectory(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null))?.isDirectory() ?? false;
}

/** The real path of a directory when that lies below `root`, whose path is real; null when it does not. */
export async function realDirectoryBelow(root: string, path: string): Promise<string | null> {
  const real = await realpath(path).catch(() => null);
  if (real === null || !(await isRealDirectory(real))) return null;
  const way = relative(root, real);
  return way === "" || way.startsWith("..") || isAbsolute(way) ? null : real;
}
