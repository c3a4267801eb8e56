import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { agentGitEnvironment } from "./agent-environment.ts";
import { setAside } from "./layout.ts";
import { rescueGit } from "./rescue.ts";
import { isTooLarge, tooLarge } from "./result-size.ts";
import type { Site } from "./site.ts";
import { type Subject, takeSnapshot, workTree } from "./snapshot.ts";
import { submoduleWork } from "./submodules.ts";
import type { Workspace, WorkspaceRequest } from "./workspace.ts";

/** What names the refs and the directory of an attempt. */
type Attempt = Pick<WorkspaceRequest, "run" | "task" | "attempt" | "lasting">;

/** Ref that keeps the result of an attempt. */
export function resultRef(request: Attempt): string {
  return `refs/ra/${request.run}/${request.task}/${request.attempt}`;
}

/** Ref that keeps the base of an attempt while it runs, for nothing else may point to it. */
export function baseRef(request: Attempt): string {
  return `${resultRef(request)}.base`;
}

/** Ref that keeps the base of a workspace that was set aside: it borrows the user's objects as long as it stands. */
function asideRef(request: Attempt): string {
  return `${resultRef(request)}.aside`;
}

/** Moves a workspace to where nothing deletes it, its base still pinned. `base` null: it never had one. */
export async function setWorkspaceAside(
  site: Site,
  request: Attempt,
  base: string | null,
): Promise<void> {
  const path = site.layout.workspace(request);
  if (base !== null && existsSync(path)) await site.refs.set(asideRef(request), base);
  await setAside(site.layout.root, path);
}

/** `ra`'s own index of an attempt's directory. */
export function indexPath(site: Site, request: Attempt): string {
  return join(site.indexDir, `${request.run}.${request.task}.${request.attempt}`);
}

/**
 * The attempts of a run whose workspace was never closed: closing removes the index. Where an attempt has no directory of its
 * own, it worked in the one that lasts.
 */
export async function openAttempts(site: Site, run: string): Promise<readonly Attempt[]> {
  const names = await readdir(site.indexDir).catch(() => []);
  return names.flatMap((name) => {
    const [owner, task = "", number = "", ...more] = name.split(".");
    if (owner !== run || !/^[1-9]\d*$/.test(number) || more.length > 0) return [];
    const own = { run, task, attempt: Number(number) };
    const lasting = own.attempt > 1 && !existsSync(site.layout.workspace(own));
    return [lasting ? { ...own, lasting } : own];
  });
}

/** Fills a directory with the files of a commit and leaves their index at `index`. */
export async function populate(
  site: Site,
  {
    path,
    commit,
    index,
    objects,
  }: { path: string; commit: string; index: string; objects?: string },
): Promise<void> {
  await rm(index, { force: true });
  await rm(`${index}.lock`, { force: true });
  const call = workTree(path, index);
  const env = objects === undefined ? call.env : { ...call.env, GIT_OBJECT_DIRECTORY: objects };
  const args = ["read-tree", "--reset", "-u", "--no-recurse-submodules", commit];
  await site.control.run(args, { ...call, env, config: { "core.fsync": "none" } });
}

/** A workspace whose directory is the attempt's own. `detach` runs before the directory goes. */
export function isolatedWorkspace(
  site: Site,
  request: WorkspaceRequest,
  directory: {
    readonly path: string;
    readonly submodules: ReadonlyMap<string, string>;
    detach?(): Promise<void>;
    /** Git directory of a linked worktree; null when the user's repository knows it no more. */
    linked?(): Promise<string | null>;
  },
): Workspace {
  const index = indexPath(site, request);
  const { path, submodules } = directory;
  let whole = true;
  const subject: Subject = {
    path,
    base: request.base,
    index,
    submodules: [...submodules.keys()],
    spared: [],
    fresh: true,
    keep: request.keep ?? [],
  };
  return {
    path,
    base: request.base,
    environment: agentGitEnvironment(path),
    async snapshot(message) {
      const ref = resultRef(request);
      const taken = await takeSnapshot(site, subject, ref, message).catch(async (error) => {
        throw await asideWhenTooLarge(site, path, error, directory.detach);
      });
      const rescued = await rescueGit(site, {
        ...{ path, index, base: request.base, tree: taken.tree, ref: `${ref}.git` },
        name: basename(index),
        ...(directory.linked ? { linked: await directory.linked() } : {}),
      });
      const inside = await submoduleWork(site, path, submodules, index);
      whole = rescued.whole && inside.length === 0;
      return { ...taken, notes: [...taken.notes, ...rescued.notes, ...inside] };
    },
    restore: async () => undefined,
    async close() {
      if (whole) await site.trash.take(path);
      else await setWorkspaceAside(site, request, request.base);
      await directory.detach?.();
      await rm(index, { force: true });
      await site.refs.remove(baseRef(request));
    },
  };
}

/** A workspace whose result is too large is its only copy: it goes at once where nothing deletes it, and the error says where. */
async function asideWhenTooLarge(
  site: Site,
  path: string,
  error: unknown,
  detach: (() => Promise<void>) | undefined,
): Promise<unknown> {
  if (!isTooLarge(error)) return error;
  const kept = await setAside(site.layout.root, path);
  await detach?.();
  return kept === null ? error : tooLarge(error, path, kept);
}

/** Makes the index of a directory anew when a crash took it. Without file times git reads every file once. */
export async function requireIndex(site: Site, request: WorkspaceRequest): Promise<void> {
  const index = indexPath(site, request);
  await rm(`${index}.lock`, { force: true });
  if (existsSync(index)) {
    // It is never flushed: a power cut leaves an empty one.
    const call = { env: { GIT_INDEX_FILE: index } };
    if ((await site.control.attempt(["ls-files", "-z"], call)).code === 0) return;
    await rm(index);
  }
  await site.control.run(["read-tree", request.base], { env: { GIT_INDEX_FILE: index } });
}
