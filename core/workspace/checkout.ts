import { existsSync } from "node:fs";
import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Captured } from "../process.ts";
import { lastValue } from "./control.ts";
import { gitDirOf } from "./place.ts";
import type { Site } from "./site.ts";
import type { TreeEntryChange } from "./tree-diff.ts";

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
export async function listCheckouts(site: Site): Promise<readonly Checkout[]> {
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

/** Runs git on a checkout, with its own index unless `index` names another. */
export function inCheckout(
  site: Site,
  checkout: Checkout,
  args: readonly string[],
  index?: string,
): Promise<Captured> {
  const env = { GIT_DIR: checkout.gitDir, GIT_WORK_TREE: checkout.path };
  return site.user.attempt(args, {
    cwd: checkout.path,
    env: index === undefined ? env : { ...env, GIT_INDEX_FILE: index },
  });
}

/** Why nothing may be changed in a checkout right now, as a person reads it; null when nothing stands against it. */
export async function busyReason(checkout: Checkout): Promise<string | null> {
  for (const [file, name] of operations) {
    if (existsSync(join(checkout.gitDir, file))) {
      return `a ${name} is in progress in \`${checkout.path}\``;
    }
  }
  const lock = join(checkout.gitDir, "index.lock");
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

/** Tracked paths that differ between the checkout, its index and HEAD. */
export async function changedTracked(site: Site, checkout: Checkout): Promise<readonly string[]> {
  const flags = ["--porcelain=v2", "-z", "--untracked-files=no", "--ignore-submodules=dirty"];
  const done = await inCheckout(site, checkout, ["status", ...flags, "--no-renames"]);
  if (done.code !== 0) return [done.stderr.trim()];
  const records = done.stdout.split("\0").filter((record) => /^[12u] /.test(record));
  return records.map((record) =>
    record
      .split(" ")
      .slice(record.startsWith("u") ? 10 : 8)
      .join(" "),
  );
}

/**
 * A path at which a file stands that git does not track, and that the changes would overwrite. Git itself
 * gives ignored files up without a word.
 */
export async function fileInTheWay(
  site: Site,
  root: string,
  entries: readonly TreeEntryChange[],
): Promise<string | null> {
  const fold = lastValue(site.config, "core.ignorecase") === "true";
  const key = (path: string): string => (fold ? path.toLowerCase() : path);
  const gone = new Set(entries.filter((e) => e.status === "D").map(({ path }) => key(path)));
  for (const { path, status } of entries) {
    if (status !== "A") continue;
    const parts = path.split("/");
    for (let depth = 1; depth <= parts.length; depth++) {
      const prefix = parts.slice(0, depth).join("/");
      const found = await lstat(join(root, prefix)).catch(() => null);
      if (found === null) break;
      if (!found.isDirectory() && !gone.has(key(prefix))) return prefix;
    }
  }
  return null;
}
