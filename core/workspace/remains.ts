import { existsSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "../process/table.ts";
import { bindGit, type Environment, type Git } from "./git.ts";
import { type Layout, layoutOf } from "./layout.ts";
import type { Place } from "./place.ts";

/** What a directory or file that is left over was for. */
export type RemainKind =
  | "workspace"
  | "scratch"
  | "leftover"
  | "logs"
  | "index"
  | "quarantine"
  | "trash";

/** A directory or file that a run left. `run` and `task` are null where it belongs to none. */
export interface RemainingPath {
  readonly kind: RemainKind;
  readonly run: string | null;
  readonly task: string | null;
  readonly path: string;
  readonly bytes: number;
  /** A workspace whose attempt never gave it up: it may hold work that no commit has. */
  readonly open: boolean;
}

/** A ref of `ra`'s own. `task` is null for those of the whole run. */
export interface RemainingRef {
  readonly ref: string;
  readonly commit: string;
  readonly run: string;
  readonly task: string | null;
  /**
   * `result`: what an attempt left. `base`: what it started from, or what a workspace set aside did. `own`: anything else that only this ref keeps.
   * `chain`: what the run built from results. `branch`: where it kept what could not land.
   */
  readonly kind: "result" | "base" | "own" | "chain" | "branch";
}

/** Everything that runs have left in a repository and beside it. */
export interface Remains {
  readonly paths: readonly RemainingPath[];
  readonly refs: readonly RemainingRef[];
}

/** Where the remains of a place are. `git` and `layout` are null outside git. */
export interface RemainsSite {
  readonly stateDir: string;
  readonly git: Git | null;
  readonly layout: Layout | null;
}

/** The site of a place. Throws `RaError` (exit 6) when the workspaces directory lies inside the repository. */
export function remainsSite(place: Place, env: Environment): RemainsSite {
  const { stateDir, commonDir } = place;
  if (commonDir === null) return { stateDir, git: null, layout: null };
  const git = bindGit(commonDir, env, { GIT_DIR: commonDir });
  return { stateDir, git, layout: layoutOf({ ...place, commonDir }, env) };
}

/** Looks at everything that runs have left. Writes nothing. Throws `RaError` (exit 6) when git cannot list refs. */
export async function findRemains(site: RemainsSite): Promise<Remains> {
  const indexes = indexesOf(site);
  const paths = [
    ...workspacesOf(site, new Set(indexes.map(({ name }) => name))),
    ...leftoversOf(site),
    ...logsOf(site),
    ...indexes.map(({ path, run, task }) => remain("index", path, run, task)),
    ...deadQuarantines(site),
    ...trashOf(site),
  ];
  return { paths, refs: site.git === null ? [] : await refsOf(site.git) };
}

/** Bytes that a file, or a directory with all that is in it, takes up. Links are not followed; what is gone counts 0. */
export function sizeOf(path: string): number {
  let bytes = 0;
  for (const open = [path]; open.length > 0; ) {
    const at = open.pop() as string;
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found === undefined) continue;
    // What the disk gives to it; sparse files and small ones differ from their length.
    bytes += found.blocks * 512;
    if (found.isDirectory()) open.push(...namesIn(at).map((name) => join(at, name)));
  }
  return bytes;
}

function workspacesOf({ layout }: RemainsSite, indexes: ReadonlySet<string>): RemainingPath[] {
  if (layout === null) return [];
  const runs = namesIn(layout.root).filter((name) => name !== ".trash" && name !== "leftovers");
  return runs.flatMap((run) =>
    namesIn(join(layout.root, run)).map((name) => {
      const path = join(layout.root, run, name);
      if (name.startsWith(".")) return remain("scratch", path, run, null);
      const [task = name, attempt = "1"] = name.split(".");
      // Closing a workspace removes its index, so one that is still there says: never closed.
      const open = indexes.has(`${run}.${task}.${attempt}`) || lasts(run, task, name, indexes);
      return { ...remain("workspace", path, run, task), open };
    }),
  );
}

/** True for the directory of a task whose attempts share it, while a later one than the first has it open. */
function lasts(run: string, task: string, name: string, indexes: ReadonlySet<string>): boolean {
  const start = `${run}.${task}.`;
  return name === task && [...indexes].some((index) => index.startsWith(start));
}

/** Workspaces that were set aside, as they may hold work that no commit has. */
export function leftoversOf({ layout }: RemainsSite): readonly RemainingPath[] {
  if (layout === null) return [];
  const dir = join(layout.root, "leftovers");
  return namesIn(dir).map((name) => {
    const [run = null, task] = name.split(".");
    return { ...remain("leftover", join(dir, name), run, task || null), open: true };
  });
}

function logsOf({ stateDir }: RemainsSite): RemainingPath[] {
  const dir = join(stateDir, "runs");
  return namesIn(dir).flatMap((run) =>
    namesIn(join(dir, run)).map((task) => remain("logs", join(dir, run, task), run, task)),
  );
}

interface Index {
  readonly name: string;
  readonly path: string;
  readonly run: string;
  readonly task: string | null;
}

/** Indexes of attempts and of scratch directories; those of landings name no run. */
function indexesOf({ stateDir }: RemainsSite): Index[] {
  const dir = join(stateDir, "control.git", "indexes");
  return namesIn(dir).flatMap((name) => {
    const [run = "", task = "", attempt = ""] = name.split(".");
    if (run === "land" || task === "") return [];
    const isAttempt = /^\d+$/.test(attempt);
    return [{ name, path: join(dir, name), run, task: isAttempt ? task : null }];
  });
}

/** Merges that nobody kept, of processes that are gone. */
function deadQuarantines({ stateDir }: RemainsSite): RemainingPath[] {
  const dir = join(stateDir, "quarantine");
  return namesIn(dir).flatMap((name) => {
    const [pid, ticks] = name.split(".");
    const owner = { pid: Number(pid), startTicks: ticks ? Number(ticks) : null };
    return isAlive(owner) ? [] : [remain("quarantine", join(dir, name), null, null)];
  });
}

function trashOf({ layout }: RemainsSite): RemainingPath[] {
  if (layout === null) return [];
  const dir = join(layout.root, ".trash");
  return namesIn(dir).map((name) => remain("trash", join(dir, name), null, null));
}

async function refsOf(git: Git): Promise<RemainingRef[]> {
  const format = "--format=%(refname)%00%(objectname)";
  const listed = await git.run(["for-each-ref", format, "refs/ra/", "refs/heads/ra/"]);
  return listed.split("\n").flatMap((line): RemainingRef[] => {
    const [ref = "", commit = ""] = line.split("\0");
    const branchOf = /^refs\/heads\/ra\/([^/-]+)(?:-\d+)?$/.exec(ref)?.[1];
    if (branchOf !== undefined) return [{ ref, commit, run: branchOf, task: null, kind: "branch" }];
    const [, own, run, task, attempt] = ref.split("/");
    if (own !== "ra" || run === undefined || task === undefined) return [];
    if (attempt === undefined) return [{ ref, commit, run, task: null, kind: "chain" }];
    return [{ ref, commit, run, task, kind: kindOf(attempt) }];
  });
}

function kindOf(attempt: string): RemainingRef["kind"] {
  if (/^\d+$/.test(attempt)) return "result";
  return /^\d+\.(?:base|aside)$/.test(attempt) ? "base" : "own";
}

function remain(
  kind: RemainKind,
  path: string,
  run: string | null,
  task: string | null,
): RemainingPath {
  return { kind, run, task, path, bytes: sizeOf(path), open: false };
}

function namesIn(dir: string): string[] {
  if (!existsSync(dir)) return [];
  try {
    return readdirSync(dir).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Gone meanwhile, no directory, or one that an agent closed to everybody: it holds nothing that can be told.
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return [];
    throw error;
  }
}
