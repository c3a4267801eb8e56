import { Database, SQLiteError } from "bun:sqlite";
import { truncateSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";

/** How long a turn is waited for, in milliseconds. One takes a few git calls. */
const patienceMs = 30_000;

/**
 * Runs `work` while no other `ra` lands in the same repository: two that move the same checkout at once would take
 * each other's half-written files for changes of the user. Null when the turn did not come within 30 s.
 */
export function inLandingTurn<T>(stateDir: string, work: () => Promise<T>): Promise<T | null> {
  return inTurn(join(stateDir, "landing.lock"), work);
}

/**
 * Runs `work` while no other `ra` of the repository takes over or looks after a run whose `ra` is dead: what one starts
 * anew must not be taken by another for what the dead one left. Null when the turn did not come within 30 s.
 */
export function inRecoveryTurn<T>(stateDir: string, work: () => Promise<T>): Promise<T | null> {
  return inTurn(join(stateDir, "recovery.lock"), work);
}

async function inTurn<T>(path: string, work: () => Promise<T>): Promise<T | null> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // SQLite's lock and no file of our own: the kernel takes it back from a holder that was killed.
  using lock = new Database(path);
  const deadline = performance.now() + patienceMs;
  while (!take(lock)) {
    if (performance.now() > deadline) return null;
    await Bun.sleep(10);
  }
  return await work();
}

/** Takes a name for this process alone until it is disposed of or the process dies; null while another one has it. */
export async function takeAlone(stateDir: string, name: string): Promise<Disposable | null> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const lock = new Database(join(stateDir, `${name}.lock`));
  if (take(lock)) return { [Symbol.dispose]: () => lock.close() };
  lock.close();
  return null;
}

function take(lock: Database): boolean {
  try {
    lock.run("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    // It holds nothing, so what makes it no database goes. Emptied and not removed: somebody may hold its lock.
    if (error instanceof SQLiteError && /^SQLITE_(?:NOTADB|CORRUPT)/.test(error.code ?? "")) {
      truncateSync(lock.filename, 0);
      return false;
    }
    if (error instanceof SQLiteError && error.code?.startsWith("SQLITE_BUSY")) return false;
    throw error;
  }
}
