import { lstat, rm } from "node:fs/promises";
import { join } from "node:path";
import { ExitCode, RaError } from "../error.ts";
import type { Captured } from "../process.ts";
import { copyIndex } from "./durable.ts";
import { type GitCall, gitFailed } from "./git.ts";
import { keeper, signature } from "./identity.ts";
import { type Kept, stageKept } from "./kept.ts";
import { hiddenHead, hideRepositories, withoutHidden } from "./nested.ts";
import { dateAfter } from "./object-reader.ts";
import { requireFew, requireFit } from "./result-size.ts";
import type { Site } from "./site.ts";
import { leftOutNotes, modeNotes } from "./snapshot-notes.ts";
import { changedPaths, diffTrees, gitlinkMode, type TreeEntryChange } from "./tree-diff.ts";
import type { Snapshot } from "./workspace.ts";

/** A directory of which snapshots are taken. */
export interface Subject {
  readonly path: string;
  /** Commit the attempt started from. */
  readonly base: string;
  /** `ra`'s own index of the directory, from before the attempt; it is copied, never changed. */
  readonly index: string;
  /** Directories of the base's submodules. */
  readonly submodules: readonly string[];
  /** Repositories below the directory that are the user's: neither looked into nor touched. */
  readonly spared: readonly string[];
  /** True when everything there that git ignores came after the base. */
  readonly fresh: boolean;
  /** Globs of what is taken along although git ignores it. */
  readonly keep: readonly string[];
}

/** The tree a directory holds, and how it differs from the base. */
export interface Capture {
  readonly tree: string;
  readonly entries: readonly TreeEntryChange[];
  readonly notes: readonly string[];
}

interface Staged {
  readonly tree: string;
  readonly entries: readonly TreeEntryChange[];
  readonly nested: readonly string[];
  /** What git said of paths it cannot hold, such as a fifo in the place of a file. */
  readonly unheld: readonly string[];
}

/** Trouble with a single path. Anything else, a full disk above all, must not give half a result. */
const pathTrouble = /can only add regular files|Permission denied/;

/**
 * Takes the tree a directory holds, whatever state its own `.git` is in: `ra`'s index and the control
 * repository see only the files. `keepIndex`: where to leave the index of exactly this tree. Throws
 * `RaError` when the directory is gone or git cannot read it.
 */
export async function captureTree(
  site: Site,
  subject: Subject,
  keepIndex?: string,
): Promise<Capture> {
  await requireDirectory(subject.path);
  const index = keepIndex ?? `${subject.index}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    const staged =
      (await stagePlain(site, subject, index)) ?? (await stageHidden(site, subject, index));
    const left = subject.fresh ? await leftOutNotes(site.control, subject.path, index) : [];
    const modes = await modeNotes(subject.path, staged.entries);
    return { ...staged, notes: [...left, ...modes, ...repositoryNotes(staged)] };
  } finally {
    await rm(`${index}.lock`, { force: true });
    if (keepIndex === undefined) await rm(index, { force: true });
  }
}

/**
 * Captures a directory and pins the result at `ref` by a commit on the base, durably. The commit is the
 * base itself, and nothing is pinned, when nothing changed.
 */
export async function takeSnapshot(
  site: Site,
  subject: Subject,
  ref: string,
  message: string,
): Promise<Snapshot> {
  const { path, index } = subject;
  await requireDirectory(path);
  const near = await requireFit(site.control, workTree(path, index), site.results);
  const captured = await captureTree(site, subject);
  const { tree, entries } = captured;
  const notes = [...near, ...captured.notes];
  requireFew(path, entries.length, site.results);
  const base = await site.objects.commit(subject.base);
  if (tree === base.tree) {
    return { commit: base.id, tree, unchanged: true, changes: [], notes };
  }
  const args = ["commit-tree", tree, "-p", base.id, "-F", "-"];
  const env = signature(keeper, dateAfter(base));
  const made = (await site.control.run(args, { env, input: message })).trim();
  const commit = await pinResult(site, ref, made);
  return { commit, tree, unchanged: false, changes: changedPaths(entries), notes };
}

/** Pins a result without ever letting go of another one that has its name, from before a crash. */
async function pinResult(site: Site, ref: string, commit: string): Promise<string> {
  if (await site.refs.swap({ ref, from: null, to: commit })) return commit;
  const old = await site.refs.read(ref);
  if (old !== null) {
    const [was, is] = await site.objects.commits(old, commit);
    if (was!.tree === is!.tree && was!.parents[0] === is!.parents[0]) {
      await site.refs.settle(ref);
      return old;
    }
    await site.refs.set(`${ref}.${old.slice(0, 12)}`, old);
  }
  await site.refs.set(ref, commit);
  return commit;
}

/** The common case: no repository below the directory. Null when there is one, or git stumbled over it. */
async function stagePlain(site: Site, subject: Subject, index: string): Promise<Staged | null> {
  // Git would look into a submodule by starting itself there, under the agent's configuration.
  if (subject.submodules.length > 0) return null;
  if ((await add(site, subject, index, [])).code !== 0) return null;
  const kept = await addKept(site, subject, index);
  if (kept.nested) return null;
  const { tree, entries } = await writeTree(site, subject, index);
  const linked = entries.some((entry) => entry.newMode === gitlinkMode);
  return linked ? null : { tree, entries, nested: [], unheld: kept.unheld };
}

/** Takes the files of nested repositories as files, and submodules as the commits their HEAD names. */
async function stageHidden(site: Site, subject: Subject, index: string): Promise<Staged> {
  const hidden = await hideRepositories(subject.path, new Set(subject.spared));
  try {
    const unheld = await addWhatCanBe(site, subject, index);
    const kept = await addKept(site, subject, index);
    const submodules = new Set(subject.submodules);
    for (const path of hidden.paths.filter((path) => submodules.has(path))) {
      await recordSubmodule(site, subject.path, index, path);
    }
    const { tree, entries } = await writeTree(site, subject, index);
    const nested = await withFiles(
      site,
      workTree(subject.path, index),
      hidden.paths.filter((path) => !submodules.has(path)),
    );
    return { tree, entries, nested, unheld: [...unheld, ...kept.unheld] };
  } finally {
    await hidden.reveal();
  }
}

/** Those of some directories of which the index holds a file: the others are empty or ignored. */
async function withFiles(
  site: Site,
  call: GitCall,
  dirs: readonly string[],
): Promise<readonly string[]> {
  if (dirs.length === 0) return [];
  const listed = (await site.control.run(["ls-files", "-z"], call)).split("\0");
  return dirs.filter((dir) => listed.some((path) => path.startsWith(`${dir}/`)));
}

/** Stages all that git can hold. Gives what it said of the rest; those paths keep the state of the base. */
async function addWhatCanBe(
  site: Site,
  subject: Subject,
  index: string,
): Promise<readonly string[]> {
  const done = await add(site, subject, index, withoutHidden);
  if (done.code === 0) return [];
  if (!pathTrouble.test(done.stderr)) throw gitFailed(["add", "-A"], done);
  await rm(`${index}.lock`, { force: true });
  const rest = await add(site, subject, index, withoutHidden, ["--ignore-errors"]);
  const said = rest.stderr.split("\n").filter((line) => line.startsWith("error: "));
  if (rest.code !== 1 || !said.some((line) => pathTrouble.test(line))) {
    throw gitFailed(["add", "-A", "--ignore-errors"], rest);
  }
  return said.map((line) => line.slice("error: ".length));
}

async function add(
  site: Site,
  subject: Subject,
  index: string,
  exclude: readonly string[],
  flags: readonly string[] = [],
): Promise<Captured> {
  await copyIndex(subject.index, index);
  const spared = subject.spared.map((path) => `:(exclude,literal)${path}`);
  const args = ["add", "-A", ...flags, "--", ".", ...exclude, ...spared];
  return await site.control.attempt(args, workTree(subject.path, index));
}

function addKept(site: Site, subject: Subject, index: string): Promise<Kept> {
  const { keep, spared, path } = subject;
  return stageKept(site.control, workTree(path, index), { globs: keep, spared }, (line) =>
    pathTrouble.test(line),
  );
}

async function recordSubmodule(
  site: Site,
  root: string,
  index: string,
  path: string,
): Promise<void> {
  const head = await hiddenHead(site, join(root, path));
  if (head === null) return;
  const entry = `${gitlinkMode},${head},${path}`;
  const staged = await site.control.run(["ls-files", "-s", "-z", "--", `:(literal)${path}`], {
    ...workTree(root, index),
  });
  // The agent may have put a file or nothing at all where the submodule was; that stands.
  if (!staged.startsWith(`${gitlinkMode} `)) return;
  await site.control.run(["update-index", "--cacheinfo", entry], workTree(root, index));
}

async function writeTree(
  site: Site,
  subject: Subject,
  index: string,
): Promise<{ tree: string; entries: readonly TreeEntryChange[] }> {
  const env = { GIT_INDEX_FILE: index };
  const tree = (await site.control.run(["write-tree"], { env })).trim();
  const base = await site.objects.commit(subject.base);
  if (tree === base.tree) return { tree, entries: [] };
  const [entries] = await diffTrees(site.control, [[base.tree, tree]]);
  return { tree, entries: entries! };
}

/** How git is called on a directory with an index of `ra`'s. */
export function workTree(
  path: string,
  index: string,
): { cwd: string; env: Record<string, string> } {
  return { cwd: path, env: { GIT_WORK_TREE: path, GIT_INDEX_FILE: index } };
}

async function requireDirectory(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  // A symlink in its place leads out of the workspace: what stands there is not the attempt's.
  if (found?.isDirectory()) return;
  throw new RaError({
    code: "WORKSPACE_GONE",
    exitCode: ExitCode.environment,
    message: `the workspace \`${path}\` is gone`,
    hint: "the agent removed or replaced its own directory; run the task again",
  });
}

function repositoryNotes(staged: Staged): string[] {
  const nested = staged.nested.map(
    (path) => `nested repository \`${path}\`: its files are in the result, its history is not`,
  );
  const submodules = staged.entries
    .filter((entry) => entry.newMode === gitlinkMode)
    .map(({ path, newId }) => `submodule \`${path}\` now stands at ${newId.slice(0, 12)}`);
  const unheld = staged.unheld.map((line) => `not in the result: ${line}`);
  return [...nested, ...submodules, ...unheld];
}
