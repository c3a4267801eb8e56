import type { Dirent } from "node:fs";
import { readdir, readFile, rename, rm } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { hasTables, type TableSite, unpackTables } from "./reftable.ts";

const hiddenName = ".git.ra-hidden";

/** Paths of `git add` that leave hidden git directories out. */
export const withoutHidden = [
  `:(exclude,glob)**/${hiddenName}`,
  `:(exclude,glob)**/${hiddenName}/**`,
];

/** True for a path in a git directory, hidden or not. */
export function isHidden(path: string): boolean {
  return path.split("/").some((part) => part === ".git" || part === hiddenName);
}

/** Repositories below a directory, with their `.git` out of git's sight for a while. */
export interface HiddenRepositories {
  /** Directories relative to the root, sorted. */
  readonly paths: readonly string[];
  /** Puts every `.git` back, also those that an `ra` that was killed left hidden. */
  reveal(): Promise<void>;
}

/**
 * Renames every `.git` below `root`, but not its own, so that git takes the files of nested repositories
 * as files. Nothing is followed that is a symlink. `spare`: directories that are left alone.
 */
export async function hideRepositories(
  root: string,
  spare: ReadonlySet<string>,
): Promise<HiddenRepositories> {
  const found: string[] = [];
  await walk(root, root, spare, found);
  for (const dir of found) await hide(dir);
  return {
    paths: found.map((dir) => relative(root, dir)).sort(),
    async reveal() {
      for (const dir of found) await rename(join(dir, hiddenName), join(dir, ".git"));
    },
  };
}

/** Directories below `root` that hold a repository, relative and sorted. Nothing is renamed. */
export async function findRepositories(root: string): Promise<readonly string[]> {
  const found: string[] = [];
  await walk(root, root, new Set(), found);
  return found.map((dir) => relative(root, dir)).sort();
}

/**
 * Commit that HEAD of a hidden repository names, read from its files alone: starting git there would run
 * what its configuration says. Null when the files do not say.
 */
export async function hiddenHead(site: TableSite, dir: string): Promise<string | null> {
  const gitDir = await followGitFile(dir, join(dir, hiddenName));
  if (!(await hasTables(gitDir))) return await headOf(gitDir);
  await using files = await unpackTables(site, gitDir);
  return files === null ? null : await headOf(files.dir);
}

async function headOf(gitDir: string): Promise<string | null> {
  const head = await text(join(gitDir, "HEAD"));
  const ref = /^ref: (refs\/[^\s]+)$/.exec(head)?.[1];
  if (ref === undefined) return commitId(head);
  if (ref.split("/").includes("..")) return null;
  const loose = commitId(await text(join(gitDir, ref)));
  if (loose !== null) return loose;
  const packed = (await text(join(gitDir, "packed-refs"))).split("\n");
  return commitId(packed.find((line) => line.endsWith(` ${ref}`))?.split(" ")[0] ?? "");
}

async function walk(
  root: string,
  dir: string,
  spare: ReadonlySet<string>,
  found: string[],
): Promise<void> {
  // What the agent made unreadable is reported by `git add`, which meets it too.
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => [] as Dirent[]);
  if (dir !== root) {
    if (spare.has(relative(root, dir))) return;
    if (entries.some(({ name }) => name === ".git" || name === hiddenName)) found.push(dir);
  }
  for (const entry of entries) {
    if (!entry.isDirectory() || entry.name === ".git" || entry.name === hiddenName) continue;
    await walk(root, join(dir, entry.name), spare, found);
  }
}

async function hide(dir: string): Promise<void> {
  const names = await readdir(dir);
  if (!names.includes(".git")) return;
  // Both can stand there only after a kill and a new `git init`: the older one gives way.
  if (names.includes(hiddenName)) {
    await rm(join(dir, `${hiddenName}-old`), { recursive: true, force: true });
    await rename(join(dir, hiddenName), join(dir, `${hiddenName}-old`));
  }
  await rename(join(dir, ".git"), join(dir, hiddenName));
}

async function followGitFile(dir: string, path: string): Promise<string> {
  const target = /^gitdir: (.+)$/.exec(await text(path))?.[1];
  return target === undefined ? path : resolve(dir, target);
}

async function text(path: string): Promise<string> {
  return (await readFile(path, "utf8").catch(() => "")).trim();
}

function commitId(value: string): string | null {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value) ? value : null;
}
