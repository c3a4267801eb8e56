import { mkdirSync, renameSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { createMutex } from "../mutex.ts";
import type { Place } from "./place.ts";
import { clearStaleLock } from "./refs.ts";
import type { RemainingPath, RemainingRef, RemainsSite } from "./remains.ts";
import { removeWorktreesAt } from "./worktree.ts";

/**
 * Takes directories out of their places by renaming them into the trash, all at once and without waiting: inside a
 * transaction nobody can open them meanwhile. Gone already is fine. Gives what still has to be deleted.
 */
export function takeAway(site: RemainsSite, paths: readonly RemainingPath[]): readonly string[] {
  const { layout } = site;
  if (layout === null) return [];
  const trash = join(layout.root, ".trash");
  const taken: string[] = [];
  for (const { path } of paths) {
    mkdirSync(trash, { recursive: true });
    const to = join(trash, crypto.randomUUID());
    try {
      renameSync(path, to);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") continue;
      throw error;
    }
    taken.push(to);
    removeEmpty(dirname(path));
  }
  return taken;
}

/** Ends git's knowledge of linked worktrees that stood at these paths. */
export async function forgetWorktrees(place: Place, paths: readonly string[]): Promise<void> {
  const { commonDir } = place;
  if (commonDir === null || paths.length === 0) return;
  const list = { place: { ...place, commonDir }, worktreeList: createMutex() };
  await removeWorktreesAt(list, new Set(paths));
}

/** Deletes refs that still stand where they were seen; others stay. Gives those that stayed. */
export async function deleteRefs(
  { git, place }: RemainsSite & { readonly place: Place },
  refs: readonly RemainingRef[],
): Promise<readonly RemainingRef[]> {
  const { commonDir } = place;
  if (git === null || commonDir === null || refs.length === 0) return [];
  // Before git meets them: it waits for each.
  await Promise.all(refs.map(({ ref }) => clearStaleLock(commonDir, ref)));
  const args = ["update-ref", "--no-deref", "--stdin"];
  const order = (some: readonly RemainingRef[]): string =>
    some.map(({ ref, commit }) => `delete ${ref} ${commit}\n`).join("");
  if ((await git.attempt(args, { input: order(refs) })).code === 0) return [];
  // One that moved meanwhile, or has a lock, makes git refuse all of them: one by one tells which.
  const stayed: RemainingRef[] = [];
  for (const ref of refs) {
    const done = await git.attempt(args, { input: order([ref]) });
    if (done.code !== 0) stayed.push(ref);
  }
  return stayed;
}

function removeEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch {
    // Something else is in it, or it has gone: either is fine.
  }
}
