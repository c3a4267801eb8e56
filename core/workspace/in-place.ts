import { rm } from "node:fs/promises";
import { ExitCode, RaError } from "../error.ts";
import { agentGitEnvironment } from "./agent-environment.ts";
import { busyReason, type Checkout, changedTracked } from "./checkout.ts";
import { flushPaths } from "./durable.ts";
import { keeper, signature } from "./identity.ts";
import { baseRef, indexPath, resultRef } from "./isolated.ts";
import { type MergeTools, mergeTrees } from "./merge.ts";
import { findRepositories } from "./nested.ts";
import { dateAfter } from "./object-reader.ts";
import { fileInTheWay } from "./overlap.ts";
import { gitDirOf } from "./place.ts";
import type { Site } from "./site.ts";
import { captureTree, type Subject, takeSnapshot, workTree } from "./snapshot.ts";
import { diffTrees } from "./tree-diff.ts";
import type { Workspace, WorkspaceRequest } from "./workspace.ts";

/** Ref that keeps what the checkout held before the attempt, untracked files included. */
function beforeRef(request: WorkspaceRequest): string {
  return `${resultRef(request)}.before`;
}

/**
 * Opens the user's checkout itself. It must equal HEAD in all tracked files; untracked ones become part
 * of the base, so that they are no part of the result. When the attempt's base is ahead of HEAD, the
 * files are moved on to it. Throws `RaError` (exit 6) when the checkout is not fit.
 */
export async function openInPlace(
  site: Site,
  tools: MergeTools,
  request: WorkspaceRequest,
): Promise<Workspace> {
  const path = requireCheckout(site);
  const head = await requireClean(site, path);
  const index = indexPath(site, request);
  const spared = await findRepositories(path);
  await site.control.run(["read-tree", head], { env: { GIT_INDEX_FILE: index } });
  const keep = request.keep ?? [];
  const start: Subject = { path, base: head, index, submodules: [], spared, fresh: false, keep };
  const beforeIndex = `${index}.before`;
  const found = await captureTree(site, start, beforeIndex);
  const before = await commitTree(site, found.tree, head, "the checkout before the attempt");
  await site.refs.set(beforeRef(request), before);
  const base = await moveToBase(site, tools, { path, head, before, index: beforeIndex }, request);
  await site.refs.set(baseRef(request), base);
  await rm(index, { force: true });
  return inPlaceWorkspace(site, request, { ...start, base, index: beforeIndex });
}

/** Takes up the checkout as a killed `ra` left it in the middle of an attempt. Null when there was none. */
export async function adoptInPlace(
  site: Site,
  request: WorkspaceRequest,
): Promise<Workspace | null> {
  const path = requireCheckout(site);
  const before = await site.refs.read(beforeRef(request));
  if (before === null) return null;
  // Killed while it moved the files on to the base: no program ran, and what counts is what was there before.
  const base = (await site.refs.read(baseRef(request))) ?? before;
  const index = `${indexPath(site, request)}.adopted`;
  await site.control.run(["read-tree", base], { env: { GIT_INDEX_FILE: index } });
  const spared = await findRepositories(path);
  return inPlaceWorkspace(site, request, {
    path,
    base,
    index,
    submodules: [],
    spared,
    fresh: false,
    keep: request.keep ?? [],
  });
}

function inPlaceWorkspace(site: Site, request: WorkspaceRequest, subject: Subject): Workspace {
  return {
    path: subject.path,
    base: subject.base,
    environment: agentGitEnvironment(subject.path),
    snapshot: (message) => takeSnapshot(site, subject, resultRef(request), message),
    restore: () => putBack(site, request, subject),
    async close() {
      await rm(subject.index, { force: true });
      // First what would have a later recovery put the files back.
      await site.refs.remove(beforeRef(request));
      await site.refs.remove(baseRef(request));
    },
  };
}

/** Writes back the paths in which the checkout differs from before, and pins what it holds now. */
async function putBack(site: Site, request: WorkspaceRequest, subject: Subject): Promise<void> {
  const id = await site.refs.read(beforeRef(request));
  if (id === null) return;
  const before = await site.objects.commit(id);
  const index = `${subject.index}.restore`;
  try {
    const now = await captureTree(site, subject, index);
    if (now.tree === before.tree) return;
    const left = await commitTree(
      site,
      now.tree,
      subject.base,
      "the checkout before it was restored",
    );
    await site.refs.set(`${resultRef(request)}.left`, left);
    await moveFiles(site, subject.path, index, now.tree, before.tree);
    // The ref that holds them goes next.
    const [entries] = await diffTrees(site.control, [[now.tree, before.tree]]);
    await flushPaths(
      subject.path,
      entries!.map(({ path }) => path),
    );
  } finally {
    await rm(index, { force: true });
  }
}

/** Moves a clean checkout from HEAD to the attempt's base. Gives the base with the untracked files in it. */
async function moveToBase(
  site: Site,
  tools: MergeTools,
  from: { path: string; head: string; before: string; index: string },
  request: WorkspaceRequest,
): Promise<string> {
  const merged = await mergeTrees(tools, {
    base: from.head,
    ours: from.before,
    theirs: request.base,
  });
  if (merged.kind === "conflict") throw inTheWay(from.path, merged.paths[0] ?? "");
  const before = await site.objects.commit(from.before);
  if (merged.tree !== before.tree) {
    const [entries] = await diffTrees(site.control, [[before.tree, merged.tree]]);
    const path = await fileInTheWay(site, from.path, entries!);
    if (path !== null) throw inTheWay(from.path, path);
    await moveFiles(site, from.path, from.index, before.tree, merged.tree);
  }
  return await commitTree(site, merged.tree, request.base, "the checkout the attempt starts from");
}

/** Changes exactly the files in which two trees differ; the index must be that of the first. */
async function moveFiles(
  site: Site,
  path: string,
  index: string,
  from: string,
  to: string,
): Promise<void> {
  const args = ["read-tree", "-m", "-u", "--no-recurse-submodules", from, to];
  await site.control.run(args, workTree(path, index));
}

async function commitTree(
  site: Site,
  tree: string,
  parent: string,
  message: string,
): Promise<string> {
  const env = signature(keeper, dateAfter(await site.objects.commit(parent)));
  const args = ["commit-tree", tree, "-p", parent, "-m", message];
  return (await site.control.run(args, { env })).trim();
}

function requireCheckout(site: Site): string {
  if (site.place.checkout !== null) return site.place.checkout;
  throw unfit("the repository is bare: there is no checkout to work in", "Use `isolation: clone`.");
}

async function requireClean(site: Site, path: string): Promise<string> {
  const gitDir = gitDirOf(path);
  const checkout: Checkout = { path, gitDir, branch: null };
  const busy = await busyReason(checkout);
  if (busy !== null) throw unfit(busy, "Finish or abort it first.");
  const [changed] = await changedTracked(site, checkout);
  if (changed !== undefined) {
    throw unfit(
      `the checkout \`${path}\` has uncommitted changes (\`${changed}\`)`,
      "commit them or put them away with `git stash`",
    );
  }
  const env = { GIT_DIR: gitDir };
  return (await site.user.run(["rev-parse", "--verify", "HEAD^{commit}"], { env })).trim();
}

function inTheWay(checkout: string, path: string): RaError {
  return unfit(
    `\`${path}\` in \`${checkout}\` is not tracked and stands where the task's base has a file`,
    "move it away, or use `isolation: clone`",
  );
}

function unfit(message: string, hint: string): RaError {
  return new RaError({
    code: "CHECKOUT_UNFIT",
    exitCode: ExitCode.environment,
    message,
    hint,
  });
}
