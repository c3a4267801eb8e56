import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { ExitCode, RaError } from "../error.ts";

/** Where things are for a working directory; found without starting git. */
export interface Place {
  /** The main checkout, or the directory itself outside git: `.ra/` stands here. */
  readonly root: string;
  /** Git's common directory; null outside git. */
  readonly commonDir: string | null;
  /** The checkout that holds the working directory; null outside git and in a bare repository. */
  readonly checkout: string | null;
  /** Registry, logs and control repository: `<common dir>/ra`, or `.ra` outside git. */
  readonly stateDir: string;
}

/**
 * Finds the place of a directory by walking up to `.git`, reading files only; `GIT_*` variables do not
 * count. Throws `RaError` (exit 6) when a `.git` file points nowhere.
 */
export function findPlace(cwd: string): Place {
  const start = realpathSync(resolve(cwd));
  for (const dir of ancestors(start)) {
    const dotGit = join(dir, ".git");
    if (isGitDir(dotGit)) return insideGit(dir, dotGit, dotGit);
    if (isFile(dotGit)) {
      const gitDir = linkedGitDir(dir, dotGit);
      return insideGit(dir, gitDir, commonDirOf(gitDir));
    }
    if (isGitDir(dir)) return insideGit(dir, dir, commonDirOf(dir));
  }
  const root = ancestors(start).find((dir) => existsSync(join(dir, ".ra", "registry.db"))) ?? start;
  return { root, commonDir: null, checkout: null, stateDir: join(root, ".ra") };
}

/** The git directory of a checkout: its `.git`, or what that file points to. Throws as `findPlace` does. */
export function gitDirOf(checkout: string): string {
  const dotGit = join(checkout, ".git");
  return isFile(dotGit) ? linkedGitDir(checkout, dotGit) : dotGit;
}

function insideGit(found: string, gitDir: string, commonDir: string): Place {
  const settings = coreSettings(commonDir);
  const linked = gitDir !== commonDir;
  const insideGitDir = found === gitDir;
  const root = mainCheckout(found, commonDir, linked, settings.worktree);
  const checkout = checkoutOf({ found, root, linked, insideGitDir, bare: settings.bare });
  return { root, commonDir, checkout, stateDir: join(commonDir, "ra") };
}

function mainCheckout(
  found: string,
  commonDir: string,
  linked: boolean,
  worktree: string | null,
): string {
  if (worktree !== null) return resolve(commonDir, worktree);
  if (basename(commonDir) === ".git") return dirname(commonDir);
  return linked ? commonDir : found;
}

function checkoutOf(input: {
  found: string;
  root: string;
  linked: boolean;
  insideGitDir: boolean;
  bare: boolean;
}): string | null {
  // `core.bare` speaks of the main checkout; a linked worktree of a bare repository is a checkout.
  if (input.linked) return input.insideGitDir ? linkedCheckout(input.found) : input.found;
  if (input.bare) return null;
  if (!input.insideGitDir) return input.found;
  return input.root === input.found ? null : input.root;
}

/** The checkout of a linked worktree, for a working directory inside its git directory. */
function linkedCheckout(gitDir: string): string | null {
  const text = readText(join(gitDir, "gitdir"));
  return text === null ? null : dirname(resolve(gitDir, text.trim()));
}

function linkedGitDir(dir: string, dotGit: string): string {
  const target = /^gitdir: (.+?)\r?\n?$/.exec(readText(dotGit) ?? "")?.[1];
  const gitDir = target === undefined ? null : resolve(dir, target);
  if (gitDir === null || !existsSync(join(gitDir, "HEAD"))) {
    throw new RaError({
      code: "GIT_BROKEN_LINK",
      exitCode: ExitCode.environment,
      message: `\`${dotGit}\` does not point to a git directory`,
      hint: "run `git worktree repair` in the main checkout, or remove the file",
    });
  }
  return realpathSync(gitDir);
}

function commonDirOf(gitDir: string): string {
  const text = readText(join(gitDir, "commondir"));
  return text === null ? gitDir : realpathSync(resolve(gitDir, text.trim()));
}

/** The two settings that decide whether a git directory has a checkout, and where. */
function coreSettings(commonDir: string): { bare: boolean; worktree: string | null } {
  let section = "";
  let bare = false;
  let worktree: string | null = null;
  for (const line of (readText(join(commonDir, "config")) ?? "").split(/\r?\n/)) {
    const header = /^\s*\[([^\]]*)\]/.exec(line);
    if (header) section = header[1]!.trim().toLowerCase();
    if (section !== "core") continue;
    const entry = /^\s*([a-zA-Z]+)\s*=\s*(.*?)\s*$/.exec(line.replace(/^\s*\[[^\]]*\]/, ""));
    const name = entry?.[1]?.toLowerCase();
    if (name === "bare") bare = /^(true|yes|on|1)$/i.test(entry![2]!);
    if (name === "worktree") worktree = entry![2]!.replace(/^"(.*)"$/, "$1");
  }
  return { bare, worktree };
}

function isGitDir(path: string): boolean {
  if (!existsSync(join(path, "HEAD"))) return false;
  return existsSync(join(path, "commondir")) || hasStores(path);
}

function hasStores(path: string): boolean {
  return existsSync(join(path, "objects")) && existsSync(join(path, "refs"));
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function readText(path: string): string | null {
  return isFile(path) ? readFileSync(path, "utf8") : null;
}

function ancestors(start: string): string[] {
  const dirs = [start];
  for (let dir = start; dirname(dir) !== dir; dir = dirname(dir)) dirs.push(dirname(dir));
  return dirs;
}
