import { Database, SQLiteError } from "bun:sqlite";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

/** How long a turn is waited for, in milliseconds. One takes a few git calls. */
const patienceMs = 30_000;

/**
 * Runs `work` while no other `ra` lands in the same repository: two that move the same checkout at once would take
 * each other's half-written files for changes of the user. Null when the turn did not come within 30 s.
 */
export async function inLandingTurn<T>(
  stateDir: string,
  work: () => Promise<T>,
): Promise<T | null> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  // SQLite's lock and no file of our own: the kernel takes it back from a holder that was killed.
  using lock = new Database(join(stateDir, "landing.lock"));
  const deadline = performance.now() + patienceMs;
  while (!take(lock)) {
    if (performance.now() > deadline) return null;
    await Bun.sleep(10);
  }
  return await work();
}

function take(lock: Database): boolean {
  try {
    lock.run("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if (error instanceof SQLiteError && error.code?.startsWith("SQLITE_BUSY")) return false;
    throw error;
  }
}
