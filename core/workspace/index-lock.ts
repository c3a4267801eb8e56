import { readFileSync, rmSync } from "node:fs";
import { chmod, link, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProcessIdentity } from "../id.ts";
import { isAlive, processIdentity } from "../process/table.ts";
import { copyIndex, flushDirectory, flushFile } from "./durable.ts";
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

/** The move that an index is locked for. */
export interface LockedMove {
  readonly target: string;
  readonly from: string;
  readonly to: string;
}

/** What a lock of ours says; git itself writes the next index into its own. The move is what recovery needs. */
const mark = /^ra (\d+) (\d+|-)(?: ([0-9a-f]+) ([0-9a-f]+) (\S+))?\n$/;

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
  move: LockedMove,
): Promise<LockedIndex | null> {
  const lock = indexLock(checkout);
  if (!(await take(site, checkout, move))) return null;
  const index = join(checkout.gitDir, "index");
  const copy = join(site.indexDir, `land.${crypto.randomUUID()}`);
  const before = `${copy}.before`;
  let isInstalled = false;
  const release = async (): Promise<void> => {
    await Promise.all([copy, before].map((path) => rm(path, { force: true })));
    await rm(lock, { force: true });
  };
  try {
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
        await flushDirectory(checkout.gitDir);
      },
      async putBack() {
        if (!isInstalled) return;
        await flushFile(before);
        await rename(before, index);
        await flushDirectory(checkout.gitDir);
      },
      [Symbol.asyncDispose]: release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Makes the lock with its text in one step, so that none of ours is ever found without it. False: another has it. */
async function take(site: Site, checkout: Indexed, move: LockedMove): Promise<boolean> {
  const lock = indexLock(checkout);
  const { pid, startTicks } = processIdentity(process.pid);
  const text = `ra ${pid} ${startTicks ?? "-"} ${move.from} ${move.to} ${move.target}\n`;
  const draft = join(site.indexDir, `lock.${crypto.randomUUID()}`);
  try {
    await writeFile(draft, text);
    // A lock that a power cut emptied would be a foreign one for ever, and nobody would bring the files back.
    await flushFile(draft);
    await link(draft, lock);
    await flushDirectory(checkout.gitDir);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    // A file system without hard links, or another one than the repository's.
    return await writeFile(lock, text, { flag: "wx", flush: true }).then(
      () => true,
      (refusal: NodeJS.ErrnoException) => {
        if (refusal.code === "EEXIST") return false;
        throw refusal;
      },
    );
  } finally {
    await rm(draft, { force: true });
  }
}

/** A move that a killed `ra` was in the middle of. */
export interface AbandonedMove extends LockedMove {
  readonly owner: ProcessIdentity;
}

/** The move that a killed `ra` was in the middle of; null when the lock is not one of a dead `ra`. */
export function abandonedMove(checkout: Indexed): AbandonedMove | null {
  const dead = deadOwner(checkout);
  const [from, to, target] = dead?.move ?? [];
  return dead && from && to && target ? { owner: dead.owner, from, to, target } : null;
}

/** Removes the lock of a killed `ra` that had not begun to move files. Other locks stay. */
export function clearOwnLock(checkout: Indexed): void {
  if (deadOwner(checkout) !== null && abandonedMove(checkout) === null) releaseLock(checkout);
}

/** Removes the lock. Only for whoever has made good what its owner left. */
export function releaseLock(checkout: Indexed): void {
  rmSync(indexLock(checkout), { force: true });
}

/** The lock that a killed `ra` left on an index; null when there is none, or another's. */
export function staleOwnLock(checkout: Indexed): string | null {
  return deadOwner(checkout) === null ? null : indexLock(checkout);
}

function deadOwner(
  checkout: Indexed,
): { readonly owner: ProcessIdentity; readonly move: readonly (string | undefined)[] } | null {
  const said = mark.exec(readText(indexLock(checkout)));
  if (said === null) return null;
  const [, pid, ticks, ...move] = said;
  const owner = { pid: Number(pid), startTicks: ticks === "-" ? null : Number(ticks) };
  return isAlive(owner) ? null : { owner, move };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
