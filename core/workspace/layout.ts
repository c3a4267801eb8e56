import { createHash } from "node:crypto";
import { existsSync, realpathSync } from "node:fs";
import { mkdir, readdir, rename } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { ExitCode, RaError } from "../error.ts";
import { deleteTree } from "./deletion.ts";
import type { Environment } from "./git.ts";
import type { Place } from "./place.ts";

/** How many given-up directories may wait for deletion while a run goes on. */
const trashMax = 8;

/** What says where an attempt works. */
export interface AttemptPlace {
  readonly run: string;
  readonly task: string;
  readonly attempt: number;
  readonly lasting?: boolean;
}

/** Where the workspaces of one repository lie. */
export interface Layout {
  readonly root: string;
  /**
   * Directory of an attempt: `<root>/<run>/<task>`, from the second attempt on with `.<attempt>`. `lasting`: the same one for
   * each attempt of the task.
   */
  workspace(attempt: AttemptPlace): string;
  /** A directory for a throw-away checkout, new at each call. */
  scratch(run: string): string;
}

/**
 * The layout of a repository: `$RA_WORKSPACES`, else below `$XDG_STATE_HOME`, else `~/.local/state`.
 * Throws `RaError` (exit 6) when that lies inside the repository: there an agent that loses its `.git`
 * would find the user's.
 */
export function layoutOf(place: Place & { readonly commonDir: string }, env: Environment): Layout {
  const top = workspacesTop(env);
  for (const inside of [place.root, place.checkout, place.commonDir]) {
    if (inside !== null && contains(inside, top)) throw insideRepository(top, inside);
  }
  const hash = createHash("sha256").update(place.commonDir).digest("hex").slice(0, 8);
  const name = basename(place.root).replace(/[^A-Za-z0-9._-]/g, "-");
  const root = join(top, `${name}-${hash}`);
  return {
    root,
    workspace: ({ run, task, attempt, lasting = false }) =>
      join(root, run, attempt > 1 && !lasting ? `${task}.${attempt}` : task),
    scratch: (run) => join(root, run, `.scratch-${crypto.randomUUID().slice(0, 8)}`),
  };
}

/** The directory that holds the workspaces of all repositories; it need not exist. */
export function workspacesTop(env: Environment): string {
  const state = env.XDG_STATE_HOME || join(env.HOME || homedir(), ".local", "state");
  return realParent(resolve(env.RA_WORKSPACES || join(state, "ra", "workspaces")));
}

/** Directories that are given up: renamed at once, deleted when it does not slow the run down. */
export class Trash {
  readonly #dir: string;
  #deleting: Promise<void> = Promise.resolve();

  constructor(root: string) {
    this.#dir = join(root, ".trash");
  }

  /** Takes a directory away. Gone already is fine. */
  async take(path: string): Promise<void> {
    // Another run of the repository may empty the trash at any moment.
    do await mkdir(this.#dir, { recursive: true }).catch(justGone);
    while (!(await moved(path, join(this.#dir, crypto.randomUUID()))) && existsSync(path));
    // ext4 hands out inodes slowly when directories were just deleted, so only the surplus goes now.
    const waiting = await readdir(this.#dir).catch(noneThere);
    for (const name of waiting.slice(trashMax)) this.#delete(join(this.#dir, name));
  }

  /** Deletes all that was taken, and resolves when it is gone. */
  async empty(): Promise<void> {
    await this.#deleting;
    await deleteTree(this.#dir).catch(otherThere);
  }

  #delete(path: string): void {
    const remove = (): Promise<void> => deleteTree(path);
    // What cannot be deleted now is met again by `empty`, which reports it.
    this.#deleting = this.#deleting.then(remove).catch(() => undefined);
  }
}

/**
 * Moves what an earlier crash left at `path` to `<root>/leftovers`, where nothing deletes it: it may hold
 * work that no commit has. Gives the new place; null when there was nothing.
 */
export async function setAside(root: string, path: string): Promise<string | null> {
  if (!existsSync(path)) return null;
  const leftovers = join(root, "leftovers");
  await mkdir(leftovers, { recursive: true });
  const stamp = new Date().toISOString().replace(/[:.]/g, "-");
  const name = `${basename(dirname(path))}.${basename(path)}.${stamp}`;
  const kept = join(leftovers, `${name}.${crypto.randomUUID().slice(0, 4)}`);
  return (await moved(path, kept)) ? kept : null;
}

function noneThere(error: NodeJS.ErrnoException): string[] {
  if (error.code === "ENOENT") return [];
  throw error;
}

/** To make a directory that goes at that moment fails as if it were there. */
function justGone(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}

/** What another run moved in meanwhile is deleted by that one. */
function otherThere(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOTEMPTY" && error.code !== "ENOENT") throw error;
}

async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

function contains(dir: string, path: string): boolean {
  const way = relative(dir, path);
  return way === "" || (!way.startsWith("..") && !isAbsolute(way));
}

/** Follows symlinks in the part of a path that exists. */
function realParent(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : join(realParent(parent), basename(path));
}

function insideRepository(top: string, inside: string): RaError {
  return new RaError({
    code: "WORKSPACES_INSIDE_REPOSITORY",
    exitCode: ExitCode.environment,
    message: `the workspaces directory \`${top}\` lies inside the repository \`${inside}\``,
    hint: "set `RA_WORKSPACES` to a directory outside the repository",
  });
}
