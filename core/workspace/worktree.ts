import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, rmdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import type { Captured } from "../process.ts";
import { copyIndex } from "./durable.ts";
import { gitFailed } from "./git.ts";
import { baseRef, indexPath, isolatedWorkspace, populate } from "./isolated.ts";
import { setAside } from "./layout.ts";
import { gitDirOf } from "./place.ts";
import type { Site } from "./site.ts";
import { submodulesOf } from "./submodules.ts";
import type { Workspace, WorkspaceRequest } from "./workspace.ts";

/** What git says when another process is half way through adding or removing a worktree of the same repository. */
const raceMessages =
  /failed to read .*commondir|could not lock config file|is a missing but already/;
const triesMax = 8;

/** What is needed to change git's list of linked worktrees. */
export type Listed = Pick<Site, "place" | "worktreeList">;

/**
 * Opens a linked worktree of the user's repository, detached and locked. Refs, stash and configuration
 * are shared with the user: only for people whose tools look for worktrees.
 */
export async function openWorktree(site: Site, request: WorkspaceRequest): Promise<Workspace> {
  const path = site.layout.workspace(request);
  const index = indexPath(site, request);
  await removeEntries(site, (checkout) => checkout === path);
  await setAside(site.layout.root, path);
  await mkdir(dirname(path), { recursive: true });
  await site.worktreeList(() => addWorktree(site, request, path));
  try {
    const [submodules] = await Promise.all([
      submodulesOf(site, request.base),
      populate(site, { path, commit: request.base, index }),
      site.refs.set(baseRef(request), request.base),
    ]);
    await copyIndex(index, join(gitDirOf(path), "index"));
    return isolatedWorkspace(site, request, { path, submodules, ...detachFrom(site, path) });
  } catch (error) {
    await removeEntries(site, (checkout) => checkout === path);
    await site.trash.take(path).catch(() => undefined);
    throw error;
  }
}

/** The parts of a workspace that know where git keeps a worktree, and end that knowledge. */
export function detachFrom(
  site: Site,
  path: string,
): { detach(): Promise<void>; linked(): Promise<string | null> } {
  return {
    detach: () => removeEntries(site, (checkout) => checkout === path),
    linked: async () => (await findEntries(site, (checkout) => checkout === path))[0] ?? null,
  };
}

/** Ends git's knowledge of all worktrees below a directory. */
export async function removeWorktreesBelow(site: Listed, dir: string): Promise<void> {
  await removeEntries(site, (checkout) => checkout.startsWith(`${dir}${sep}`));
}

/**
 * Ends git's knowledge of the worktrees of a run whose `ra` is dead: those below its directory, and those that a git made
 * half. Entries of the user stay, also such as `git worktree prune` would take.
 */
export async function removeWorktreesOf(site: Site, run: string, dir: string): Promise<void> {
  await removeWorktreesBelow(site, dir);
  const list = join(site.place.commonDir, "worktrees");
  await site.worktreeList(async () => {
    for (const id of await readdir(list).catch(() => [])) {
      const entry = join(list, id);
      if (!((await isHalfMade(entry, run)) || (await isBlank(entry)))) continue;
      await rm(entry, { recursive: true, force: true });
    }
    await rmdir(list).catch(() => undefined);
  });
}

/** True for an entry that is locked in the name of the run, and does not say where its worktree is. */
async function isHalfMade(entry: string, run: string): Promise<boolean> {
  const read = (name: string): Promise<string> =>
    readFile(join(entry, name), "utf8").catch(() => "");
  return (await read("locked")).trim() === lockReason(run) && (await read("gitdir")) === "";
}

/** How long an entry must have stood without a word in it, in milliseconds: a git that lives fills it at once. */
const blankMs = 1_000;

/** True for an entry of a git that was killed before it could write why it is locked. */
async function isBlank(entry: string): Promise<boolean> {
  const says = async (): Promise<boolean> => {
    const names = await readdir(entry).catch(() => ["?"]);
    const [first, ...more] = names;
    if (first === undefined) return false;
    return more.length > 0 || first !== "locked" || (await stat(join(entry, first))).size > 0;
  };
  if (await says()) return false;
  const made = await stat(entry).catch(() => null);
  const waitMs = made === null ? 0 : blankMs - Math.abs(Date.now() - made.mtimeMs);
  if (waitMs > 0) await Bun.sleep(waitMs);
  return existsSync(entry) && !(await says());
}

/** What git is told of why a worktree is locked; it writes that down before all else. */
function lockReason(run: string): string {
  return `ra ${run}`;
}

/** Directories below `dir` that git takes for linked worktrees. */
export async function linkedBelow(site: Site, dir: string): Promise<readonly string[]> {
  const found: string[] = [];
  await findEntries(site, (checkout) => {
    if (checkout.startsWith(`${dir}${sep}`)) found.push(checkout);
    return false;
  });
  return found;
}

/** Ends git's knowledge of the worktrees at these paths. */
export async function removeWorktreesAt(site: Listed, paths: ReadonlySet<string>): Promise<void> {
  await removeEntries(site, (checkout) => paths.has(checkout));
}

async function addWorktree(site: Site, request: WorkspaceRequest, path: string): Promise<void> {
  const flags = ["--no-checkout", "--detach", "--lock", "--reason", lockReason(request.run)];
  const args = ["worktree", "add", ...flags, path, request.base];
  let done: Captured | null = null;
  for (let tries = 0; tries < triesMax; tries++) {
    done = await site.user.attempt(args);
    if (done.code === 0) return;
    if (!raceMessages.test(done.stderr)) break;
    // The half-written entry was another process's; ours may be left behind half made as well.
    await dropEntries(site, (checkout) => checkout === path);
    await rm(path, { recursive: true, force: true });
  }
  throw gitFailed(args, done!);
}

function removeEntries(site: Listed, matches: (checkout: string) => boolean): Promise<void> {
  return site.worktreeList(() => dropEntries(site, matches));
}

/**
 * Removes entries of `<common dir>/worktrees` by hand. `git worktree remove` wants an intact `.git` file,
 * which an agent may have taken away, and `prune` would also drop what is not ours.
 */
async function dropEntries(site: Listed, matches: (checkout: string) => boolean): Promise<void> {
  const list = join(site.place.commonDir, "worktrees");
  if (!existsSync(list)) return;
  for (const entry of await findEntries(site, matches)) {
    await rm(entry, { recursive: true, force: true });
  }
  // Git removes the empty list too; with other worktrees in it this fails, as it should.
  await rmdir(list).catch(() => undefined);
}

/** The entries of `<common dir>/worktrees` for checkouts that match. */
async function findEntries(
  site: Listed,
  matches: (checkout: string) => boolean,
): Promise<readonly string[]> {
  const list = join(site.place.commonDir, "worktrees");
  const found: string[] = [];
  for (const id of await readdir(list).catch(() => [])) {
    const link = await readFile(join(list, id, "gitdir"), "utf8").catch(() => "");
    const dotGit = resolve(join(list, id), link.trim());
    if (link === "" || basename(dotGit) !== ".git" || !matches(dirname(dotGit))) continue;
    found.push(join(list, id));
  }
  return found;
}
