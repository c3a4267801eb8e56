import { existsSync } from "node:fs";
import { chmod, copyFile, open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { type Checkout, inCheckout } from "./checkout.ts";
import { copyIndex } from "./durable.ts";
import type { Site } from "./site.ts";

/** A copy of a checkout's index, for as long as a move may have to be undone. */
export interface KeptIndex extends AsyncDisposable {
  /**
   * Gives the checkout the very file back that it had, so that not even file times in it differ. Only while its
   * entries are the same: what the user staged meanwhile stays.
   */
  putBack(): Promise<void>;
}

/** Keeps a copy of a checkout's index until it is disposed of. */
export async function keepIndex(site: Site, checkout: Checkout): Promise<KeptIndex> {
  const index = join(checkout.gitDir, "index");
  const copy = join(site.indexDir, `kept.${crypto.randomUUID()}`);
  const isThere = existsSync(index);
  if (isThere) await copyIndex(index, copy);
  return {
    async putBack() {
      if (!isThere || !(await differ(index, copy))) return;
      const lock = `${index}.lock`;
      const handle = await open(lock, "wx").catch(() => null);
      // Somebody else's git is at work on the index: it has the same entries, and stays.
      if (handle === null) return;
      await handle.close();
      const [now, before] = await Promise.all([
        entriesOf(site, checkout, index),
        entriesOf(site, checkout, copy),
      ]);
      if (now === null || now !== before) {
        await rm(lock);
        return;
      }
      await fill(lock, copy, index);
      await rename(lock, index);
    },
    async [Symbol.asyncDispose]() {
      await rm(copy, { force: true });
    },
  };
}

/** Writes the copy's content and time, and the mode of the index. */
async function fill(path: string, copy: string, index: string): Promise<void> {
  const [{ mtime }, { mode }] = await Promise.all([stat(copy), stat(index)]);
  await copyFile(copy, path);
  await chmod(path, mode & 0o7777);
  await utimes(path, mtime, mtime);
}

async function differ(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([readFile(one), readFile(other)]);
  return !a.equals(b);
}

async function entriesOf(site: Site, checkout: Checkout, index: string): Promise<string | null> {
  const done = await inCheckout(site, checkout, ["ls-files", "-v", "--stage", "-z"], { index });
  return done.code === 0 ? done.stdout : null;
}
