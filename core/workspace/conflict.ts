import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { BaseAttributes } from "./attributes.ts";
import { blobTexts, listTree } from "./blob-text.ts";
import { copyIfThere } from "./control.ts";
import { gitFailed, within } from "./git.ts";
import { keeper, signature } from "./identity.ts";
import { type CommitFacts, dateAfter } from "./object-reader.ts";
import type { Site } from "./site.ts";
import { gitlinkMode } from "./tree-diff.ts";
import type { Conflicted, ConflictedPath, ConflictRequest } from "./workspace.ts";

/** The file in which an agent names lines that it drops on purpose. */
const ledger = ".ra-dropped-lines";

/** Paths in conflict that are still given to an agent; more are no task for one prompt. */
const pathsMax = 200;

/** What one side has at a path. */
interface Entry {
  readonly mode: string;
  readonly id: string;
}

/** A path with what each side has there: the base, the landed work, the task. */
interface Stages {
  readonly path: string;
  readonly entries: readonly [Entry | undefined, Entry | undefined, Entry | undefined];
}

/**
 * Makes a merge that does not succeed into a commit on `ours` that an agent can work on. A conflict of lines stands in
 * its file with markers that carry the labels; any other, which git leaves no trace of in the tree, as one file a side.
 */
export async function conflicted(
  user: Site,
  attributes: BaseAttributes,
  input: ConflictRequest,
): Promise<Conflicted> {
  const facts = await user.objects.commits(input.base, input.ours, input.theirs);
  const [base, ours, theirs] = facts as [CommitFacts, CommitFacts, CommitFacts];
  // Of some conflicts git makes trees that no check of a repository accepts: they stay out of the user's store.
  const site = { ...user, control: within(user.control, await user.quarantine.call()) };
  const merged = await merge(site, attributes, { base, ours, theirs, labels: input.labels });
  if (merged === null) return { kind: "clean" };
  const reason = await obstacle(site, merged);
  if (reason !== null) return { kind: "undecidable", reason };
  const paths = await describe(site, merged, input.labels.ours);
  const tree = await writeConflict(site, merged, paths);
  const args = ["commit-tree", tree, "-p", ours.id, "-m", "a conflict to resolve"];
  const made = await site.control.run(args, { env: signature(keeper, dateAfter(ours)) });
  const commit = made.trim();
  await user.quarantine.keepObject(commit, [ours.id, theirs.id]);
  return { kind: "conflict", commit, ledger, paths };
}

/** Commits the tree of `commit`, but for some files, on another parent. No ref is moved. */
export async function replant(
  site: Site,
  input: { readonly commit: string; readonly parent: string; readonly without: readonly string[] },
): Promise<string> {
  const facts = await site.objects.commits(input.commit, input.parent);
  const [from, parent] = facts as [CommitFacts, CommitFacts];
  const removals = input.without.map((path) => removal(path, from.tree));
  const tree = await changeTree(site, from.tree, removals);
  const args = [
    "commit-tree",
    tree,
    "-p",
    parent.id,
    "-m",
    "what an attempt left, on another parent",
  ];
  return (await site.control.run(args, { env: signature(keeper, dateAfter(parent)) })).trim();
}

interface Merged {
  readonly tree: string;
  readonly stages: readonly Stages[];
}

/** The merge with its conflict markers; null when there is no conflict any more. */
async function merge(
  site: Site,
  attributes: BaseAttributes,
  input: {
    readonly base: CommitFacts;
    readonly ours: CommitFacts;
    readonly theirs: CommitFacts;
    readonly labels: ConflictRequest["labels"];
  },
): Promise<Merged | null> {
  const { labels } = input;
  const workTree = await attributes.of(input.base.tree);
  const dir = await scratch(site);
  try {
    await makeLabels(site, dir, [
      [labels.ours, await onBase(site, input.base, input.ours)],
      [labels.theirs, await onBase(site, input.base, input.theirs)],
    ]);
    const flags = ["--write-tree", "-z", "--no-messages"];
    const args = ["merge-tree", ...flags, labels.ours, labels.theirs];
    const config = { "merge.conflictStyle": "zdiff3" };
    const env = { GIT_DIR: dir, GIT_WORK_TREE: workTree };
    const done = await site.control.attempt(args, { cwd: workTree, env, config });
    if (done.code === 0) return null;
    if (done.code !== 1) throw gitFailed(args, done);
    return parseMerge(done.stdout);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Git writes into the markers what it was given as the names of the sides, so they need refs of those names. */
async function makeLabels(
  site: Site,
  dir: string,
  labels: readonly (readonly [string, string])[],
): Promise<void> {
  const control = dirname(site.indexDir);
  for (const name of ["objects", "refs/heads", "info"]) {
    await mkdir(join(dir, name), { recursive: true });
  }
  for (const name of ["HEAD", "config", "info/attributes", "shallow"]) {
    await copyIfThere(join(control, name), join(dir, name));
  }
  for (const [label, commit] of labels) {
    const ref = join(dir, "refs/heads", label);
    await mkdir(dirname(ref), { recursive: true });
    await writeFile(ref, `${commit}\n`);
  }
}

/** A commit with the tree of a side on the base alone, so that git can find no other merge base. */
async function onBase(site: Site, base: CommitFacts, side: CommitFacts): Promise<string> {
  const args = ["commit-tree", side.tree, "-p", base.id, "-m", "side of a conflict"];
  const env = signature(keeper, dateAfter(base));
  const config = { "core.fsync": "none" };
  return (await site.control.run(args, { env, config })).trim();
}

function parseMerge(stdout: string): Merged {
  const [tree = "", ...records] = stdout.split("\0");
  const byPath = new Map<string, [Entry | undefined, Entry | undefined, Entry | undefined]>();
  for (const record of records) {
    const entry = /^([0-7]{6}) ([0-9a-f]+) ([123])\t([\s\S]+)$/.exec(record);
    if (entry === null) continue;
    const [, mode, id, stage, path] = entry as unknown as [string, string, string, string, string];
    const entries = byPath.get(path) ?? [undefined, undefined, undefined];
    entries[Number(stage) - 1] = { mode, id };
    byPath.set(path, entries);
  }
  const stages = [...byPath].map(([path, entries]) => ({ path, entries }));
  return { tree: tree.trim(), stages: stages.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

/** Why files cannot put the question to an agent; null when they can. */
async function obstacle(site: Site, { tree, stages }: Merged): Promise<string | null> {
  const submodule = stages.find(({ entries }) =>
    entries.some((entry) => entry?.mode === gitlinkMode),
  );
  if (submodule) return `\`${submodule.path}\` is a submodule`;
  if (stages.length > pathsMax) return `${stages.length} paths conflict`;
  const own = [ledger, ...stages.flatMap(({ path }) => [sideFile(path, 1), sideFile(path, 2)])];
  const [taken] = await entriesOf(site, tree, own);
  return taken ? `\`${taken[0]}\` exists, and \`ra\` needs that name` : null;
}

/** Name of the file that holds one side of a conflict without markers: what landed, or what the task left. */
function sideFile(path: string, stage: 1 | 2): string {
  return `${path}.ra-${stage === 1 ? "landed" : "task"}`;
}

async function entriesOf(
  site: Site,
  tree: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, Entry>> {
  const listed = await listTree(site.control, tree, paths);
  return new Map(listed.map(({ path, mode, id }) => [path, { mode, id }]));
}

/** What an agent and its judge have to know of each path. */
async function describe(
  site: Site,
  { tree, stages }: Merged,
  label: string,
): Promise<ConflictedPath[]> {
  const paths = stages.map(({ path }) => path);
  const merged = await entriesOf(site, tree, paths);
  const all = [...merged.values(), ...stages.flatMap(({ entries }) => entries)];
  const ids = all.flatMap((entry) => (isFile(entry) ? [entry.id] : []));
  const texts = await blobTexts(site.control, ids);
  const textOf = (entry: Entry | undefined): string | null =>
    isFile(entry) ? (texts.get(entry.id) ?? null) : null;
  return stages.map(({ path, entries }) => {
    const [base, ours, theirs] = entries.map(textOf) as [
      string | null,
      string | null,
      string | null,
    ];
    const text = textOf(merged.get(path));
    const both = ours !== null && theirs !== null;
    const marked = both && text !== null && isMarked(text, label);
    const kept = ([1, 2] as const).filter((stage) => !marked && entries[stage]);
    const sides = kept.map((stage) => sideFile(path, stage));
    return { path, sides, base, ours: unmarked(ours, label), theirs: unmarked(theirs, label) };
  });
}

function isFile(entry: Entry | undefined): entry is Entry {
  return entry?.mode.startsWith("100") ?? false;
}

function isMarked(text: string, label: string): boolean {
  return text.split("\n").some((line) => /^<{7,} /.test(line) && line.includes(` ${label}`));
}

/** Where two sides renamed a file apart, git gives each the merged text, markers and all. */
function unmarked(text: string | null, label: string): string | null {
  if (text === null || !isMarked(text, label)) return text;
  const lines = text.split("\n").filter((line) => !/^(?:[<>|]{7,} |={7,}\r?$)/.test(line));
  return lines.join("\n");
}

/** The merged tree, with the undecided paths as one file a side, and the empty ledger. */
async function writeConflict(
  site: Site,
  { tree, stages }: Merged,
  paths: readonly ConflictedPath[],
): Promise<string> {
  const empty = await site.control.run(["hash-object", "-w", "-t", "blob", "--stdin"], {
    input: "",
  });
  const changes = [`100644 ${empty.trim()}\t${ledger}`];
  for (const [at, { path, sides }] of paths.entries()) {
    if (sides.length === 0) continue;
    changes.push(removal(path, tree));
    for (const stage of [1, 2] as const) {
      const entry = stages[at]?.entries[stage];
      if (entry) changes.push(`${entry.mode} ${entry.id}\t${sideFile(path, stage)}`);
    }
  }
  return await changeTree(site, tree, changes);
}

/** Line for git's index that takes a path out. */
function removal(path: string, like: string): string {
  return `0 ${"0".repeat(like.length)}\t${path}`;
}

async function changeTree(site: Site, tree: string, changes: readonly string[]): Promise<string> {
  const index = await scratch(site);
  const env = { GIT_INDEX_FILE: index };
  try {
    await site.control.run(["read-tree", tree], { env });
    const input = changes.map((change) => `${change}\0`).join("");
    await site.control.run(["update-index", "-z", "--index-info"], { env, input });
    return (await site.control.run(["write-tree"], { env })).trim();
  } finally {
    await rm(index, { force: true });
    await rm(`${index}.lock`, { force: true });
  }
}

/** A name for a file or directory that goes with this process, whatever ends it. */
async function scratch(site: Site): Promise<string> {
  return join(await site.quarantine.directory(), `conflict-${crypto.randomUUID()}`);
}
