import { type Dirent, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { createMutex } from "../mutex.ts";
import { flushAll } from "./durable.ts";

/** Directories in which objects get their names. */
const objectDirectory = /^(?:[0-9a-f]{2}|pack)$/;

/** What was written longer ago, in milliseconds, the system has brought to the disk by itself. */
const writebackMs = 600_000;

/** How far the times of changes may be apart, in milliseconds, that a file system tells as the same. */
const tickMs = { fine: 50, coarse: 2_000 };

/** What is known of a directory that was flushed. */
interface Flushed {
  readonly mtimeMs: number;
  /** When it was looked at. */
  readonly at: number;
}

interface Change extends Flushed {
  readonly dir: string;
  readonly files: readonly string[];
}

/**
 * Flushes what came to a repository's store, files and names, whoever wrote it. Git flushes no name of an object, and
 * the user's git no object: what a result stands on could be gone after a power cut that the result survives.
 */
export class StoreFlush {
  readonly #commonDir: string;
  readonly #inTurn = createMutex();
  readonly #flushed = new Map<string, Flushed>();

  constructor(commonDir: string) {
    this.#commonDir = commonDir;
  }

  /** When it resolves, every object that was there when it was called survives a power cut. */
  flush(): Promise<void> {
    return this.#inTurn(() => this.#flush());
  }

  async #flush(): Promise<void> {
    const store = join(this.#commonDir, "objects");
    const fans = entriesOf(store).filter(({ name }) => objectDirectory.test(name));
    const dirs = [store, ...fans.map(({ name }) => join(store, name))];
    // Which commit the user stands on was told by the same git as the commit.
    if (this.#flushed.size === 0) dirs.push(this.#commonDir, ...headDirectories(this.#commonDir));
    const changes = dirs.flatMap((dir) => this.#changesIn(dir));
    await flushAll(
      changes.flatMap(({ files }) => files),
      changes.map(({ dir }) => dir),
    );
    for (const { dir, mtimeMs, at } of changes) this.#flushed.set(dir, { mtimeMs, at });
  }

  /** What came to a directory since it was flushed. */
  #changesIn(dir: string): readonly Change[] {
    const at = Date.now();
    const mtimeMs = statSync(dir, { throwIfNoEntry: false })?.mtimeMs;
    if (mtimeMs === undefined) return [];
    const before = this.#flushed.get(dir);
    const since = before === undefined ? at - writebackMs : before.at - tickOf(before.mtimeMs);
    if (mtimeMs < since && (before === undefined || mtimeMs === before.mtimeMs)) return [];
    const files = entriesOf(dir)
      .filter((entry) => entry.isFile())
      .map(({ name }) => join(dir, name))
      .filter((path) => (statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0) >= since);
    return [{ dir, mtimeMs, at, files }];
  }
}

/** A time in whole seconds is that of a file system which knows no others. */
function tickOf(mtimeMs: number): number {
  return mtimeMs % 1_000 === 0 ? tickMs.coarse : tickMs.fine;
}

function headDirectories(commonDir: string): string[] {
  const top = join(commonDir, "refs", "heads");
  const below = entriesOf(top, true).filter((entry) => entry.isDirectory());
  return [top, ...below.map(({ parentPath, name }) => join(parentPath, name))];
}

/** Empty where there is no such directory: git removes those it has emptied, and reftable has a file in its place. */
function entriesOf(dir: string, recursive = false): Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true, recursive });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}
