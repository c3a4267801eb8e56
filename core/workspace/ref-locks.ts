import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { ProcessIdentity } from "../id.ts";
import { holdersOf, isAlive, processIdentity } from "../process/table.ts";
import { flushAll } from "./durable.ts";

/** How long a lock that nobody writes to must have stood to be taken for one that was left, in milliseconds. */
const stoodMs = 1_000;

/** How much younger than the mark a lock may be at most, in milliseconds: what came later is somebody else's. */
const workMaxMs = 60_000;

const markPattern = /^ref-locks\.([1-9][0-9]*)-([0-9]+)\.[0-9]+$/;

/**
 * Marks in the state directory which locks a git of this process takes on refs. When it is killed then, the lock stays,
 * every later git that needs it fails, and nothing in it tells whose it was.
 */
export class RefLocks {
  readonly #stateDir: string;
  readonly #name: string;
  #count = 0;

  constructor(stateDir: string) {
    const { pid, startTicks } = processIdentity(process.pid);
    this.#stateDir = stateDir;
    this.#name = `ref-locks.${pid}-${startTicks ?? 0}`;
  }

  /** Does the work, marked. Where its git was killed, and so has no exit code, what it left goes at once. */
  async during<T extends { readonly code: number | null }>(
    locks: readonly string[],
    work: () => Promise<T>,
  ): Promise<T> {
    if (locks.length === 0) return await work();
    this.#count += 1;
    const mark = join(this.#stateDir, `${this.#name}.${this.#count}`);
    mkdirSync(this.#stateDir, { recursive: true });
    await writeMark(mark, locks);
    try {
      const done = await work();
      if (done.code === null) for (const lock of locks) await removeLeft(lock, mark);
      return done;
    } finally {
      rmSync(mark, { force: true });
    }
  }
}

/** On the disk before any lock is: a power cut may leave the lock, and then the mark must not be gone or empty. */
async function writeMark(mark: string, locks: readonly string[]): Promise<void> {
  writeFileSync(mark, locks.join("\n"), { mode: 0o600 });
  await flushAll([mark], [dirname(mark)]);
}

/**
 * Removes the locks on refs that gits of dead `ra` left: each was made soon after that `ra`'s mark, has stood for a while, and no
 * process has it open. Any other lock stays. Gives the files, as a person finds them in the repository.
 */
export async function clearLeftLocks(
  stateDir: string,
  commonDir: string,
): Promise<readonly string[]> {
  const gone: string[] = [];
  for (const { path, owner, locks } of marksIn(stateDir)) {
    if (isAlive(owner)) continue;
    for (const lock of locks) {
      if (await removeLeft(lock, path)) gone.push(relative(commonDir, lock));
    }
    rmSync(path, { force: true });
  }
  return gone;
}

interface Mark {
  readonly path: string;
  readonly owner: ProcessIdentity;
  readonly locks: readonly string[];
}

function marksIn(stateDir: string): Mark[] {
  try {
    return readdirSync(stateDir).flatMap((name) => {
      const [, pid, startTicks] = markPattern.exec(name) ?? [];
      if (pid === undefined) return [];
      const path = join(stateDir, name);
      const locks = readFileSync(path, "utf8").split("\n");
      const own = locks.filter((lock) => lock.endsWith(".lock"));
      return [{ path, owner: { pid: Number(pid), startTicks: Number(startTicks) }, locks: own }];
    });
  } catch {
    // There is none, or one went meanwhile: then its `ra` lives.
    return [];
  }
}

async function removeLeft(lock: string, mark: string): Promise<boolean> {
  if (!(await isLeft(lock, mark))) return false;
  rmSync(lock, { force: true });
  return true;
}

async function isLeft(lock: string, mark: string): Promise<boolean> {
  const before = statSync(lock, { throwIfNoEntry: false });
  const marked = statSync(mark, { throwIfNoEntry: false });
  if (!before || !marked) return false;
  const ageMs = before.mtimeMs - marked.mtimeMs;
  if (ageMs < 0 || ageMs > workMaxMs) return false;
  const waitMs = stoodMs - Math.abs(Date.now() - before.mtimeMs);
  if (waitMs > 0) await Bun.sleep(waitMs);
  const after = statSync(lock, { throwIfNoEntry: false });
  return (
    after?.ino === before.ino && after.mtimeMs === before.mtimeMs && holdersOf(lock).length === 0
  );
}
