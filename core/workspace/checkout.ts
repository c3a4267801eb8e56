import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Captured } from "../process.ts";
import { gitFailed } from "./git.ts";
import { clearOwnLock, indexLock } from "./index-lock.ts";
import { gitDirOf } from "./place.ts";
import type { Site } from "./site.ts";

/** A directory in which the user has files of the repository checked out. */
export interface Checkout {
  readonly path: string;
  /** Git's directory of this checkout. */
  readonly gitDir: string;
  /** The branch that is checked out; null when HEAD is detached. */
  readonly branch: string | null;
}

/** What is left behind while git waits for the user in the middle of something, and its name. */
const operations = [
  ["MERGE_HEAD", "merge"],
  ["CHERRY_PICK_HEAD", "cherry-pick"],
  ["REVERT_HEAD", "revert"],
  ["rebase-merge", "rebase"],
  ["rebase-apply", "rebase or `git am`"],
  ["sequencer", "cherry-pick or revert"],
  ["BISECT_LOG", "bisect"],
] as const;

/** All checkouts of the repository, linked worktrees included. Those whose directory is gone are left out. */
export async function listCheckouts(
  site: Pick<Site, "user" | "place">,
): Promise<readonly Checkout[]> {
  const listed = await site.user.run(["worktree", "list", "--porcelain", "-z"]);
  const checkouts: Checkout[] = [];
  listed.split("\0\0").forEach((block, position) => {
    const lines = block.split("\0");
    const named = lines.find((line) => line.startsWith("worktree "))?.slice("worktree ".length);
    if (named === undefined || lines.includes("bare")) return;
    // Git takes the main checkout's place from the common directory, which is wrong for a submodule.
    const path = position === 0 ? site.place.root : named;
    if (!existsSync(join(path, ".git"))) return;
    const branch = lines.find((line) => line.startsWith("branch refs/heads/"));
    checkouts.push({
      path,
      gitDir: gitDirOf(path),
      branch: branch?.slice("branch refs/heads/".length) ?? null,
    });
  });
  return checkouts;
}

/** Runs git on a checkout, with its own index and files unless others are named. `input` goes to standard input. */
export function inCheckout(
  site: Site,
  checkout: Checkout,
  args: readonly string[],
  call: { readonly index?: string; readonly workTree?: string; readonly input?: string } = {},
): Promise<Captured> {
  const { index, input, workTree = checkout.path } = call;
  const env = { GIT_DIR: checkout.gitDir, GIT_WORK_TREE: workTree };
  return site.user.attempt(args, {
    cwd: workTree,
    // A shared part of a split index must outlive the copy that is put back when a move is undone.
    config: { "splitIndex.sharedIndexExpire": "never" },
    env: index === undefined ? env : { ...env, GIT_INDEX_FILE: index },
    ...(input === undefined ? {} : { input }),
  });
}

/** Why nothing may be changed in a checkout right now, as a person reads it; null when nothing stands against it. */
export async function busyReason(checkout: Checkout): Promise<string | null> {
  for (const [file, name] of operations) {
    if (existsSync(join(checkout.gitDir, file))) {
      return `a ${name} is in progress in \`${checkout.path}\``;
    }
  }
  clearOwnLock(checkout);
  const lock = indexLock(checkout);
  return existsSync(lock) ? `another git is at work: \`${lock}\` exists` : null;
}

/** True when a rebase or bisect will come back to the branch and move it or count on it. */
export async function isHeld(checkout: Checkout, branch: string): Promise<boolean> {
  for (const file of ["rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START"]) {
    const text = await readFile(join(checkout.gitDir, file), "utf8").catch(() => "");
    if (text.trim().replace(/^refs\/heads\//, "") === branch) return true;
  }
  return false;
}

/** What of the tracked files and the index of a checkout differs from HEAD. */
export interface Uncommitted {
  /** Paths changed in the index or in the files, entries that are only intended to be added included. */
  readonly paths: readonly string[];
  /** Paths that a merge left with several versions in the index. */
  readonly unmerged: readonly string[];
}

/** Looks at a checkout as `git status` does, untracked files left out. Throws `RaError` (exit 6) when git cannot. */
export async function uncommitted(site: Site, checkout: Checkout): Promise<Uncommitted> {
  const flags = ["--porcelain=v2", "-z", "--untracked-files=no", "--ignore-submodules=dirty"];
  const args = ["status", ...flags, "--no-renames"];
  const done = await inCheckout(site, checkout, args);
  if (done.code !== 0) throw gitFailed(args, done);
  const records = done.stdout.split("\0");
  return {
    paths: records.filter((record) => /^[12] /.test(record)).map((record) => pathOf(record, 8)),
    unmerged: records.filter((record) => /^u /.test(record)).map((record) => pathOf(record, 10)),
  };
}

/** Tracked paths that differ between the checkout, its index and HEAD. */
export async function changedTracked(site: Site, checkout: Checkout): Promise<readonly string[]> {
  const { paths, unmerged } = await uncommitted(site, checkout);
  return [...unmerged, ...paths];
}

/** The path of a record, which stands behind so many fields and may hold spaces itself. */
function pathOf(record: string, fields: number): string {
  return record.split(" ").slice(fields).join(" ");
}
