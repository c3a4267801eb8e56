import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { clearLocksOfRun, removeBases } from "./abandoned.ts";
import { baseRef, openAttempts, setWorkspaceAside } from "./isolated.ts";
import { clearLeftLocks } from "./ref-locks.ts";
import type { Site } from "./site.ts";
import { bringBackLandings } from "./unfinished-landing.ts";
import { removeWorktreesBelow } from "./worktree.ts";

/**
 * Deletes what stands of a run that is over, besides work: see `GitRepository`. May be broken off at any point and begun
 * anew.
 */
export async function tidy(site: Site, run: string): Promise<void> {
  const { refs } = site;
  const dir = join(site.layout.root, run);
  const open = await openAttempts(site, run);
  for (const name of await readdir(dir).catch(() => [])) {
    const request = open.find((each) => site.layout.workspace(each) === join(dir, name));
    if (request === undefined) continue;
    await setWorkspaceAside(site, request, await refs.read(baseRef(request)));
  }
  await removeWorktreesBelow(site, dir);
  await site.quarantine.drop();
  for (const name of await readdir(site.indexDir).catch(() => [])) {
    if (!name.startsWith(`${run}.`)) continue;
    await rm(join(site.indexDir, name), { recursive: true, force: true });
  }
  // An attempt that could not take its snapshot never closed its workspace.
  await removeBases(site, run);
  // Last, as it tells whoever comes after a death in here that something is left to do.
  await site.trash.take(dir);
  await site.trash.empty();
}

/** Puts in order what dead `ra` left that belongs to no run: see `GitRepository`. */
export async function mend(site: Site, run: string | undefined): Promise<readonly string[]> {
  if (run !== undefined) await clearLocksOfRun(site, run);
  await site.quarantine.clearStale();
  const locks = await clearLeftLocks(site.place.stateDir, site.place.commonDir);
  const gone = locks.map((lock) => `the lock \`${lock}\`, which a killed git of it left, is gone`);
  return [...gone, ...(await bringBackLandings(site))];
}
