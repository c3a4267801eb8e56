import { existsSync } from "node:fs";
import { lstat, mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Checkout, inCheckout, uncommitted } from "./checkout.ts";
import { lastValue } from "./control.ts";
import { copyIndex } from "./durable.ts";
import { gitFailed } from "./git.ts";
import type { Site } from "./site.ts";
import { gitlinkMode, type TreeEntryChange } from "./tree-diff.ts";

/** A move of a checkout from one commit to another, as far as its files are concerned. */
export interface FileMove {
  readonly from: string;
  readonly to: string;
  /** How the two differ. */
  readonly entries: readonly TreeEntryChange[];
}

/** The names of entries that git does not compare with the files, by the tag `ls-files -v` gives them. */
const hiddenTags: Readonly<Record<string, string>> = {
  S: "skip-worktree",
  s: "skip-worktree",
  h: "assume-unchanged",
};

/**
 * What of the user's stands where a move of a checkout would write, as a person reads it; null when nothing
 * does. A path counts as met when one of the two lies below the other; with `core.ignorecase` case does not count.
 */
export async function overlapOf(
  site: Site,
  checkout: Checkout,
  branch: string,
  move: FileMove,
): Promise<string | null> {
  const { paths, unmerged } = await uncommitted(site, checkout);
  const where = `\`${branch}\` is checked out in \`${checkout.path}\` with`;
  if (unmerged[0] !== undefined) return `${where} unmerged paths (\`${unmerged[0]}\`)`;
  const meets = meeting(site, move.entries);
  const changed = paths.find(meets);
  if (changed !== undefined) {
    return `${where} uncommitted changes (\`${changed}\`) where the result has changes, too`;
  }
  const hidden = (await tagged(site, checkout)).find(({ path }) => meets(path));
  if (hidden !== undefined) {
    return `${where} \`${hidden.path}\` marked ${hidden.mark}, and the result changes it`;
  }
  const untracked = await fileInTheWay(site, checkout.path, move.entries);
  if (untracked !== null) {
    return `\`${join(checkout.path, untracked)}\` is not tracked and would be overwritten`;
  }
  return await outsideSparse(site, checkout, move);
}

/**
 * A path at which something stands that git does not track, and that the changes would overwrite. Git itself
 * gives ignored files up without a word.
 */
export async function fileInTheWay(
  site: Site,
  root: string,
  entries: readonly TreeEntryChange[],
): Promise<string | null> {
  const key = keyOf(site);
  const gone = new Set(entries.filter((e) => e.status === "D").map(({ path }) => key(path)));
  const look = foldsCase(site) ? variantsOf(root, key) : exactly(root);
  for (const entry of entries) {
    const isNew = entry.status === "A" || entry.oldMode === gitlinkMode;
    if (!isNew || entry.newMode === "000000") continue;
    const found = await firstInTheWay(root, entry, { look, isGone: (path) => gone.has(key(path)) });
    if (found !== null) return found;
  }
  return null;
}

interface Looks {
  /** What stands at a path, by the names it has on the disk. */
  readonly look: (path: string) => Promise<readonly string[]>;
  readonly isGone: (path: string) => boolean;
}

async function firstInTheWay(
  root: string,
  entry: TreeEntryChange,
  { look, isGone }: Looks,
): Promise<string | null> {
  const parts = entry.path.split("/");
  for (let depth = 1; depth <= parts.length; depth++) {
    const found = await look(parts.slice(0, depth).join("/"));
    if (found.length === 0) return null;
    for (const path of found) {
      const stat = await lstat(join(root, path));
      if (!stat.isDirectory()) {
        if (!isGone(path)) return path;
      } else if (depth === parts.length && entry.newMode !== gitlinkMode) {
        const below = await firstKept(root, path, isGone);
        if (below !== null) return below;
      }
    }
  }
  return null;
}

/** The first thing in a directory that the move does not delete itself; a directory without anything counts. */
async function firstKept(
  root: string,
  dir: string,
  isGone: (path: string) => boolean,
): Promise<string | null> {
  const children = await readdir(join(root, dir), { withFileTypes: true });
  if (children.length === 0) return dir;
  for (const child of children) {
    const path = `${dir}/${child.name}`;
    const kept = child.isDirectory() ? await firstKept(root, path, isGone) : path;
    if (kept !== null && !isGone(kept)) return kept;
  }
  return null;
}

function exactly(root: string): Looks["look"] {
  return async (path) => ((await lstat(join(root, path)).catch(() => null)) === null ? [] : [path]);
}

/** Finds names that differ in case alone, also where the disk itself tells them apart. */
function variantsOf(root: string, key: (path: string) => string): Looks["look"] {
  return async (path) => {
    const parent = dirname(path);
    const names = await readdir(join(root, parent)).catch(() => []);
    const paths = names.map((name) => (parent === "." ? name : `${parent}/${name}`));
    return paths.filter((each) => key(each) === key(path));
  };
}

/** Tells whether a path is one of the changed ones, lies below one, or has one below it. */
function meeting(site: Site, entries: readonly TreeEntryChange[]): (path: string) => boolean {
  const key = keyOf(site);
  const changed = new Set<string>();
  const above = new Set<string>();
  for (const { path } of entries) {
    changed.add(key(path));
    for (const prefix of prefixesOf(key(path))) above.add(prefix);
  }
  return (path) => {
    const mine = key(path);
    return changed.has(mine) || above.has(mine) || prefixesOf(mine).some((up) => changed.has(up));
  };
}

function prefixesOf(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join("/"));
}

function foldsCase(site: Site): boolean {
  return lastValue(site.config, "core.ignorecase") === "true";
}

function keyOf(site: Site): (path: string) => string {
  return foldsCase(site) ? (path) => path.normalize("NFC").toLowerCase() : (path) => path;
}

async function tagged(
  site: Site,
  checkout: Checkout,
  call: { readonly index?: string; readonly workTree?: string } = {},
): Promise<{ readonly path: string; readonly mark: string }[]> {
  const args = ["ls-files", "-v", "-z"];
  const done = await inCheckout(site, checkout, args, call);
  if (done.code !== 0) throw gitFailed(args, done);
  return done.stdout.split("\0").flatMap((record) => {
    const mark = hiddenTags[record[0] ?? ""];
    return mark === undefined ? [] : [{ path: record.slice(2), mark }];
  });
}

/**
 * In a sparse checkout git decides by its patterns which files are there. A move that puts a path outside, or
 * that would apply the patterns to other paths for the first time, is not made.
 */
async function outsideSparse(
  site: Site,
  checkout: Checkout,
  move: FileMove,
): Promise<string | null> {
  if (!existsSync(join(checkout.gitDir, "info", "sparse-checkout"))) return null;
  const asked = await inCheckout(site, checkout, ["config", "--bool", "core.sparseCheckout"]);
  if (asked.stdout.trim() !== "true") return null;
  const index = join(site.indexDir, `sparse.${crypto.randomUUID()}`);
  // Git applies the patterns only when it writes files: it does so in an empty directory.
  const workTree = `${index}.files`;
  await mkdir(workTree);
  try {
    await copyIndex(join(checkout.gitDir, "index"), index);
    const args = ["read-tree", "-m", "-u", "--no-recurse-submodules", move.from, move.to];
    const tried = await inCheckout(site, checkout, args, { index, workTree });
    const before = new Set((await tagged(site, checkout)).map(({ path }) => path));
    const after = new Set(
      (await tagged(site, checkout, { index, workTree })).map(({ path }) => path),
    );
    const other = [...before].find((p) => !after.has(p)) ?? [...after].find((p) => !before.has(p));
    if (tried.code === 0 && other === undefined) return null;
    const where = `\`${checkout.path}\` is a sparse checkout`;
    return other === undefined
      ? `${where}, and git cannot tell what of the result lies within it`
      : `${where}, and its patterns and the result disagree on \`${other}\``;
  } finally {
    await rm(index, { force: true });
    await rm(workTree, { recursive: true, force: true });
  }
}
