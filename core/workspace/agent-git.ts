import { lstat, realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  isRealDirectory,
  listAgentDirectory,
  readAgentFile,
  realDirectoryBelow,
} from "./agent-file.ts";
import { hasTables, type TableSite, unpackTables } from "./reftable.ts";

/** Files that are read of one kind: refs, and logs of refs. */
const filesMax = 10_000;
/** Ids that one git directory may name. */
const idsMax = 50_000;
/** Bytes read of a file that holds one id, of a log, and of the list of packed refs. */
const bytesMax = { state: 65_536, log: 4_194_304, packed: 16_777_216 };
/** Linked worktrees of the agent's own that are looked at. */
const worktreesMax = 64;

/** Files of git's that name commits while a rebase, `am` or series of cherry-picks is going on. */
const operationFiles = {
  "rebase-merge": ["orig-head", "stopped-sha", "amend", "autostash", "rewritten-list", "done"],
  "rebase-apply": ["orig-head", "original-commit", "abort-safety", "autostash", "rewritten"],
  sequencer: ["head", "abort-safety"],
} as const;

/** What a git directory of an agent names, read without a git that would run in it. Ids are as they stand there, checked by nobody. */
export interface AgentGit {
  /** Where HEAD and the refs stand. */
  readonly current: ReadonlySet<string>;
  /** Where they stood, and what an operation in progress holds on to; git may have deleted such commits. */
  readonly former: ReadonlySet<string>;
  /** Those of both that are stashes. */
  readonly stashes: ReadonlySet<string>;
  /** What came from other repositories. */
  readonly fetched: ReadonlySet<string>;
  /** Directories with a HEAD and an index: the git directory itself, and one for each linked worktree of the agent's. */
  readonly heads: readonly string[];
  /** The directory of the objects; null when there is none, as for a linked worktree of the user's repository. */
  readonly objects: string | null;
  /** What was left out, as a person reads it. */
  readonly troubles: readonly string[];
}

/** Where the git directory of a workspace is. */
export type AgentGitPlace =
  | { readonly kind: "none" }
  | { readonly kind: "outside" }
  | { readonly kind: "found"; readonly dir: string };

/**
 * Finds the git directory of a workspace, or of a directory in it. A `.git` that leads elsewhere is followed inside the
 * workspace alone.
 */
export async function findAgentGit(workspace: string, below = workspace): Promise<AgentGitPlace> {
  const dotGit = join(below, ".git");
  const found = await lstat(dotGit).catch(() => null);
  if (found === null) return { kind: "none" };
  if (found.isDirectory()) return { kind: "found", dir: dotGit };
  const root = await realpath(workspace);
  const target = found.isFile() ? await gitFileTarget(below, dotGit) : dotGit;
  if (target === null) return { kind: "none" };
  const dir = await realDirectoryBelow(root, target);
  return dir === null ? { kind: "outside" } : { kind: "found", dir };
}

/** Reads what a git directory of its own names. */
export async function readAgentGit(
  site: TableSite,
  workspace: string,
  dir: string,
): Promise<AgentGit> {
  const reading = new Reading();
  const common = await commonDirectory(workspace, dir, reading);
  const heads = [dir];
  const linked = await listAgentDirectory(join(common, "worktrees"));
  for (const { name } of linked.slice(0, worktreesMax)) heads.push(join(common, "worktrees", name));
  if (linked.length > worktreesMax) reading.trouble(`its git has over ${worktreesMax} worktrees`);
  for (const head of heads) await readHead(head, reading);
  await readRefs(common, reading);
  for (const each of new Set([common, ...heads])) await readTables(site, each, reading);
  const objects = join(common, "objects");
  return reading.result(heads, (await isRealDirectory(objects)) ? objects : null);
}

/** Reads what the git directory of a linked worktree names beside the refs it shares with the user's repository. */
export async function readLinkedGit(site: TableSite, dir: string): Promise<AgentGit> {
  const reading = new Reading();
  await readHead(dir, reading);
  await readRefs(dir, reading);
  await readTables(site, dir, reading);
  return reading.result([dir], null);
}

class Reading {
  readonly current = new Set<string>();
  readonly former = new Set<string>();
  readonly stashes = new Set<string>();
  readonly fetched = new Set<string>();
  readonly #troubles = new Set<string>();
  #files = 0;
  #ids = 0;

  /** Adds the ids at the words of a text that stand for one. */
  add(to: Set<string>, text: string): void {
    for (const [id] of text.matchAll(/(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-f])/g)) {
      if (/^0+$/.test(id) || to.has(id)) continue;
      if (this.#ids >= idsMax) {
        this.trouble(`its git names more than ${idsMax} commits`);
        return;
      }
      this.#ids += 1;
      to.add(id);
    }
  }

  /** True while one more file of refs may be read. */
  file(): boolean {
    this.#files += 1;
    if (this.#files <= filesMax) return true;
    this.trouble(`its git has more than ${filesMax} files of refs`);
    return false;
  }

  trouble(text: string): void {
    this.#troubles.add(text);
  }

  result(heads: readonly string[], objects: string | null): AgentGit {
    const { current, former, stashes, fetched } = this;
    return { current, former, stashes, fetched, heads, objects, troubles: [...this.#troubles] };
  }
}

async function commonDirectory(workspace: string, dir: string, reading: Reading): Promise<string> {
  const text = (await readAgentFile(join(dir, "commondir"), bytesMax.state))?.text.trim();
  if (text === undefined) return dir;
  const named = resolve(dir, Buffer.from(text, "latin1").toString());
  const common = await realDirectoryBelow(await realpath(workspace), named);
  if (common !== null) return common;
  reading.trouble("its git shares the refs of a directory outside the workspace");
  return dir;
}

async function readHead(dir: string, reading: Reading): Promise<void> {
  const states = await listAgentDirectory(dir);
  for (const entry of states) {
    if (!entry.isFile() || !/^(?:[A-Z_]*HEAD|MERGE_AUTOSTASH)$/.test(entry.name)) continue;
    const file = await readAgentFile(join(dir, entry.name), bytesMax.state);
    const to = { HEAD: reading.current, FETCH_HEAD: reading.fetched }[entry.name];
    reading.add(to ?? reading.former, file?.text ?? "");
  }
  for (const [operation, names] of Object.entries(operationFiles)) {
    if (!(await isRealDirectory(join(dir, operation)))) continue;
    for (const name of names) {
      const file = await readAgentFile(join(dir, operation, name), bytesMax.state);
      reading.add(reading.former, file?.text ?? "");
    }
  }
  if (await isRealDirectory(join(dir, "logs"))) {
    await readLog(join(dir, "logs", "HEAD"), [reading.former], reading);
  }
}

async function readRefs(common: string, reading: Reading): Promise<void> {
  const packed = await readAgentFile(join(common, "packed-refs"), bytesMax.packed);
  for (const line of packed?.text.split("\n") ?? []) {
    const [id, ref] = line.split(" ");
    if (ref !== undefined) for (const to of kinds(ref, reading)) reading.add(to, id!);
  }
  if (packed?.cut) reading.trouble(`its list of refs is longer than ${bytesMax.packed} bytes`);
  await walk(join(common, "refs"), "refs", reading, async (path, ref) => {
    const file = await readAgentFile(path, bytesMax.state);
    for (const to of kinds(ref, reading)) reading.add(to, file?.text ?? "");
  });
  if (!(await isRealDirectory(join(common, "logs")))) return;
  await walk(join(common, "logs", "refs"), "refs", reading, async (path, ref) => {
    const [first, ...rest] = kinds(ref, reading);
    const former = first === reading.current ? reading.former : first!;
    await readLog(path, [former, ...rest], reading);
  });
}

async function readTables(site: TableSite, dir: string, reading: Reading): Promise<void> {
  if (!(await hasTables(dir))) return;
  await using files = await unpackTables(site, dir);
  if (files === null) {
    reading.trouble("its git keeps refs in tables that the git of ra cannot read");
    return;
  }
  await readHead(files.dir, reading);
  await readRefs(files.dir, reading);
}

/** The sets a ref's commit goes into. */
function kinds(ref: string, reading: Reading): readonly Set<string>[] {
  if (ref.startsWith("refs/remotes/")) return [reading.fetched];
  return ref === "refs/stash" ? [reading.current, reading.stashes] : [reading.current];
}

async function readLog(
  path: string,
  sets: readonly Set<string>[],
  reading: Reading,
): Promise<void> {
  const log = await readAgentFile(path, bytesMax.log);
  if (log === null) return;
  if (log.cut) reading.trouble(`a log of its refs is longer than ${bytesMax.log} bytes`);
  for (const line of log.text.split("\n")) {
    // The message after the tab is the agent's own words.
    const ids = line.split(" ", 2).join(" ");
    for (const to of sets) reading.add(to, ids);
  }
}

async function walk(
  dir: string,
  ref: string,
  reading: Reading,
  visit: (path: string, ref: string) => Promise<void>,
): Promise<void> {
  for (const entry of await listAgentDirectory(dir)) {
    const below = `${ref}/${entry.name}`;
    if (entry.isDirectory()) await walk(join(dir, entry.name), below, reading, visit);
    else if (entry.isFile()) {
      if (!reading.file()) return;
      await visit(join(dir, entry.name), below);
    }
  }
}

async function gitFileTarget(from: string, path: string): Promise<string | null> {
  const text = (await readAgentFile(path, bytesMax.state))?.text ?? "";
  const target = /^gitdir: (.+?)\r?\n?$/.exec(text)?.[1];
  return target === undefined ? null : resolve(from, Buffer.from(target, "latin1").toString());
}
