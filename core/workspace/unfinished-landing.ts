import { lstatSync, readFileSync } from "node:fs";
import { chmod, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ownerMark } from "../process/table.ts";
import { gitGraceMs, sweep } from "../process/tree.ts";
import { type Checkout, listCheckouts } from "./checkout.ts";
import { copyIndex, flushDirectory, flushPaths } from "./durable.ts";
import { gitFailed } from "./git.ts";
import { abandonedMove, type LockedMove, releaseLock } from "./index-lock.ts";
import type { Site } from "./site.ts";
import { stagedEntries, takeBackFiles, writeIndex } from "./standing-files.ts";
import { diffRevisions, type TreeEntryChange } from "./tree-diff.ts";
import { inLandingTurn } from "./turn.ts";

/** Mode of a path that a tree does not have. */
const absentMode = "000000";

/** Brings every checkout back in which an `ra` died while it moved files. Gives what was done, one line each. */
export async function bringBackLandings(site: Site): Promise<readonly string[]> {
  const checkouts = await listCheckouts(site);
  if (checkouts.every((checkout) => abandonedMove(checkout) === null)) return [];
  const done = await inLandingTurn(site.place.stateDir, async () => {
    const told: string[] = [];
    for (const checkout of checkouts) {
      const what = await bringBackLanding(site, checkout);
      if (what !== null) told.push(what);
    }
    return told;
  });
  return done ?? [];
}

/**
 * Makes good what an `ra` left that died while it moved a branch with its checkout: when the branch did not move, index
 * and files go back to it. What the user has changed since stays. Only in a landing turn. Null: there was nothing.
 */
export async function bringBackLanding(site: Site, checkout: Checkout): Promise<string | null> {
  const move = abandonedMove(checkout);
  if (move === null) return null;
  // Its git may still be at work, since it is in a session of its own.
  await sweep(ownerMark(move.owner), gitGraceMs);
  const tip = await site.refs.read(`refs/heads/${move.target}`);
  if (tip === move.from) await bringBack(site, checkout, move);
  for (const name of await readdir(site.indexDir).catch(() => [])) {
    // In a landing turn nobody else is in the middle of one.
    if (!name.startsWith("land.") && !name.startsWith("lock.")) continue;
    await rm(join(site.indexDir, name), { force: true });
  }
  // Last, as it tells whoever comes after a death in here that something is left to do.
  releaseLock(checkout);
  return tip === move.from
    ? `a landing on \`${move.target}\` was half done in \`${checkout.path}\`: its files are back`
    : `a landing on \`${move.target}\` was done but for its lock in \`${checkout.path}\``;
}

async function bringBack(site: Site, checkout: Checkout, move: LockedMove): Promise<void> {
  const entries = await diffRevisions(site.control, move.from, move.to);
  await bringBackIndex(site, checkout, entries);
  await removeTruncated(site, checkout, entries);
  await takeBackFiles(site, checkout, entries);
  // The lock, which tells of all this, goes next.
  await flushPaths(
    checkout.path,
    entries.map(({ path }) => path),
  );
}

/** Entries that say what the move would have left say again what the branch has. */
async function bringBackIndex(
  site: Site,
  checkout: Checkout,
  entries: readonly TreeEntryChange[],
): Promise<void> {
  const staged = await stagedEntries(site, checkout);
  const moved = entries.filter(({ path, newMode, newId, oldMode }) => {
    const now = staged.get(path);
    return newMode === absentMode
      ? now === undefined && oldMode !== absentMode
      : now === `${newMode} ${newId}`;
  });
  if (moved.length === 0) return;
  const index = join(checkout.gitDir, "index");
  const copy = join(site.indexDir, `land.${crypto.randomUUID()}`);
  const { mode } = await stat(index);
  await copyIndex(index, copy);
  const lines = moved.map(({ path, oldMode, oldId }) =>
    oldMode === absentMode ? `0 ${oldId}\t${path}\0` : `${oldMode} ${oldId}\t${path}\0`,
  );
  const done = await writeIndex(site, checkout, lines.join(""), copy);
  if (done.code !== 0) throw gitFailed(["update-index"], done);
  await chmod(copy, mode & 0o7777);
  await rename(copy, index);
  await flushDirectory(checkout.gitDir);
}

/** A git that was killed may have written the beginning of a file: that is neither the old nor the new one. */
async function removeTruncated(
  site: Site,
  checkout: Checkout,
  entries: readonly TreeEntryChange[],
): Promise<void> {
  for (const { path, newMode, newId } of entries) {
    if (newMode !== "100644" && newMode !== "100755") continue;
    const file = join(checkout.path, path);
    const found = lstatSync(file, { throwIfNoEntry: false });
    if (!found?.isFile()) continue;
    const whole = await site.control.bytes(["cat-file", "blob", newId]);
    if (found.size >= whole.length) continue;
    if (Buffer.from(whole).subarray(0, found.size).equals(readFileSync(file))) await rm(file);
  }
}
