import { readFileSync, rmSync } from "node:fs";
import { chmod, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isAlive, processIdentity } from "../process/table.ts";
import { copyIndex } from "./durable.ts";
import type { Site } from "./site.ts";

/** The index of a checkout while nobody else's git can change it. Disposing of it lets others in again. */
export interface LockedIndex extends AsyncDisposable {
  /** A copy to work on. */
  readonly copy: string;
  /** Puts the copy in the place of the index. */
  install(): Promise<void>;
  /** Puts the index back that was there, byte for byte. */
  putBack(): Promise<void>;
}

/** Where the index of a checkout is: git's directory of it. */
interface Indexed {
  readonly gitDir: string;
}

/** What a lock of ours says; git itself writes the next index into its own. */
const mark = /^ra (\d+) (\d+|-)\n$/;

/** Name of the lock on the index of a checkout: the one every git respects. */
export function indexLock(checkout: Indexed): string {
  return join(checkout.gitDir, "index.lock");
}

/** Tells one state of an index file from another. Null: there is none. */
export async function indexVersion(checkout: Indexed): Promise<string | null> {
  const found = await stat(join(checkout.gitDir, "index"), { bigint: true }).catch(() => null);
  return found === null ? null : [found.ino, found.size, found.mtimeNs, found.ctimeNs].join(" ");
}

/**
 * Locks the index of a checkout, so that no commit, checkout or stash of the user can come between files, index and
 * branch. Null when another git has it, or when the index is no longer in that version.
 */
export async function lockIndex(
  site: Site,
  checkout: Indexed,
  version: string,
): Promise<LockedIndex | null> {
  const lock = indexLock(checkout);
  const { pid, startTicks } = processIdentity(process.pid);
  const handle = await open(lock, "wx").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EEXIST") return null;
    throw error;
  });
  if (handle === null) return null;
  const index = join(checkout.gitDir, "index");
  const copy = join(site.indexDir, `land.${crypto.randomUUID()}`);
  const before = `${copy}.before`;
  let isInstalled = false;
  const release = async (): Promise<void> => {
    await Promise.all([copy, before].map((path) => rm(path, { force: true })));
    await rm(lock, { force: true });
  };
  try {
    await handle.writeFile(`ra ${pid} ${startTicks ?? "-"}\n`);
    await handle.close();
    if ((await indexVersion(checkout)) !== version) {
      await release();
      return null;
    }
    const { mode } = await stat(index);
    for (const path of [copy, before]) await copyIndex(index, path);
    return {
      copy,
      async install() {
        await chmod(copy, mode & 0o7777);
        await rename(copy, index);
        isInstalled = true;
      },
      async putBack() {
        if (isInstalled) await rename(before, index);
      },
      [Symbol.asyncDispose]: release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Removes the lock that a killed `ra` left on an index. Locks of git stay. */
export function clearOwnLock(checkout: Indexed): void {
  const lock = indexLock(checkout);
  const said = mark.exec(readText(lock));
  if (said === null) return;
  const startTicks = said[2] === "-" ? null : Number(said[2]);
  if (!isAlive({ pid: Number(said[1]), startTicks })) rmSync(lock, { force: true });
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
