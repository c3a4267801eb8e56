import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ProcessIdentity } from "../id.ts";
import { holdersOf, isAlive, processIdentity } from "../process/table.ts";

/** How long a lock that nobody writes to must have stood to be taken for one that was left, in milliseconds. */
const stoodMs = 1_000;

const markPattern = /^deleting-refs\.([1-9][0-9]*)-([0-9]+)$/;

/**
 * Marks in the state directory that a git of this process deletes refs. To delete one, git locks the file of all packed refs;
 * when it is killed then, the lock stays, every later deletion fails, and nothing in it tells whose it was.
 */
export class RefDeletion {
  readonly #directory: string;
  readonly #path: string;
  #under = 0;

  constructor(stateDir: string) {
    const { pid, startTicks } = processIdentity(process.pid);
    this.#directory = stateDir;
    this.#path = join(stateDir, `deleting-refs.${pid}-${startTicks ?? 0}`);
  }

  /** Does the work, marked. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#under === 0) {
      mkdirSync(this.#directory, { recursive: true });
      closeSync(openSync(this.#path, "w", 0o600));
    }
    this.#under += 1;
    try {
      return await work();
    } finally {
      this.#under -= 1;
      if (this.#under === 0) rmSync(this.#path, { force: true });
    }
  }
}

/**
 * Removes the lock on the packed refs that a git of a dead `ra` left: it is no older than that `ra`'s mark, has stood for a
 * while, and no process has it open. Any other lock stays. Null: there was none.
 */
export async function clearDeletionLock(
  stateDir: string,
  commonDir: string,
): Promise<string | null> {
  const lock = join(commonDir, "packed-refs.lock");
  let told: string | null = null;
  for (const { path, owner } of marksIn(stateDir)) {
    if (isAlive(owner)) continue;
    if (await isLeft(lock, path)) {
      rmSync(lock, { force: true });
      told = "the lock on the packed refs, which a killed git of it left, is gone";
    }
    rmSync(path, { force: true });
  }
  return told;
}

function marksIn(stateDir: string): { readonly path: string; readonly owner: ProcessIdentity }[] {
  let names: string[];
  try {
    names = readdirSync(stateDir);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const [, pid, startTicks] = markPattern.exec(name) ?? [];
    const owner = { pid: Number(pid), startTicks: Number(startTicks) };
    return pid === undefined ? [] : [{ path: join(stateDir, name), owner }];
  });
}

async function isLeft(lock: string, mark: string): Promise<boolean> {
  const before = statSync(lock, { throwIfNoEntry: false });
  const marked = statSync(mark, { throwIfNoEntry: false });
  if (!before || !marked || before.mtimeMs < marked.mtimeMs) return false;
  const waitMs = stoodMs - Math.abs(Date.now() - before.mtimeMs);
  if (waitMs > 0) await Bun.sleep(waitMs);
  const after = statSync(lock, { throwIfNoEntry: false });
  return (
    after?.ino === before.ino && after.mtimeMs === before.mtimeMs && holdersOf(lock).length === 0
  );
}
