import { open } from "node:fs/promises";
import { join } from "node:path";
import { readAgentFile } from "./agent-file.ts";
import { type AgentGit, findAgentGit, readAgentGit, readLinkedGit } from "./agent-git.ts";
import { type AgentStore, openAgentStore } from "./agent-store.ts";
import type { Git } from "./git.ts";
import { keeper, signature } from "./identity.ts";
import { dateAfter } from "./object-reader.ts";
import { type Commits, ownCommits, type StagedContent, stagedContent } from "./salvage.ts";
import type { Site } from "./site.ts";

/** How long one rescue may take, in milliseconds. */
const patienceMs = 120_000;
/** Parents of one commit; more are gathered by commits in between. */
const parentsMax = 500;
/** From so many objects on they are kept as a pack. */
const packFrom = 32;

/** The workspace whose git is looked at, after its files are kept. */
export interface RescueRequest {
  readonly path: string;
  readonly base: string;
  /** The tree the snapshot kept. */
  readonly tree: string;
  /** `ra`'s own index of the workspace, from before the attempt. */
  readonly index: string;
  /** Name for what is made on the way. */
  readonly name: string;
  /** Where what is found gets pinned. */
  readonly ref: string;
  /** Git directory of a linked worktree; undefined for a clone, null when the entry is gone. */
  readonly linked?: string | null;
}

/** What became of a rescue. */
export interface Rescue {
  readonly notes: readonly string[];
  /** False when something in the agent's git was left behind, so that its directory must not be deleted. */
  readonly whole: boolean;
}

const nothing: Rescue = { notes: [], whole: true };

/**
 * Keeps what an agent left only in its own git: commits on other branches, a stash, content that is only staged. The
 * agent's git directory is read as files and never opened as a repository. Never throws: trouble is a note.
 */
export async function rescueGit(site: Site, request: RescueRequest): Promise<Rescue> {
  try {
    const found = await read(site, request);
    if (found === "outside") {
      return { notes: ["its `.git` leads out of the workspace and was not followed"], whole: true };
    }
    if (found === null) return nothing;
    const { current, former } = found;
    const ids = [...current, ...former].filter((id) => id !== request.base);
    const heads = await changedIndexes(found.heads, request.index);
    if (ids.length + heads.length + found.troubles.length === 0) return nothing;
    return await salvage(site, request, found, heads);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return inTrouble([], [message]);
  }
}

async function read(site: Site, request: RescueRequest): Promise<AgentGit | "outside" | null> {
  if (request.linked !== undefined) {
    return request.linked === null ? null : await readLinkedGit(site, request.linked);
  }
  const place = await findAgentGit(request.path);
  switch (place.kind) {
    case "none":
      return null;
    case "outside":
      return "outside";
    case "found":
      return await readAgentGit(site, request.path, place.dir);
  }
}

/** Heads whose index is not the one the workspace began with. The end of an index is a hash of all of it. */
async function changedIndexes(heads: readonly string[], own: string): Promise<readonly string[]> {
  const before = await readAgentFile(own, 32);
  const changed: string[] = [];
  for (const head of heads) {
    const now = await readAgentFile(join(head, "index"), 32);
    if (now !== null && now.text !== before?.text) changed.push(head);
  }
  return changed;
}

async function salvage(
  site: Site,
  request: RescueRequest,
  found: AgentGit,
  heads: readonly string[],
): Promise<Rescue> {
  const signal = AbortSignal.timeout(patienceMs);
  const room = await openAgentStore(site, request.name, found.objects, signal);
  try {
    const commits = await ownCommits(room.git, found, request.base);
    const base = await site.objects.commit(request.base);
    const known = new Set([base.tree, request.tree, ...commits.trees]);
    const staged = await stagedContent(room, heads, { base: base.tree, now: request.tree, known });
    const troubles = [...found.troubles, ...room.troubles, ...commits.troubles, ...staged.troubles];
    const seen = new Set([base.tree, request.tree]);
    const fresh = commits.trees.some((tree) => !seen.has(tree));
    if (!fresh && commits.others.length + staged.trees.length === 0) {
      return inTrouble([], troubles);
    }
    const lost = await keep(site, request, room, commits, staged);
    return inTrouble([keptNote(request.ref, commits, staged)], [...troubles, ...lost]);
  } finally {
    await room.close();
  }
}

/** Pins everything by one commit. Gives what had to be left out because its objects are not whole. */
async function keep(
  site: Site,
  request: RescueRequest,
  room: AgentStore,
  commits: Commits,
  staged: StagedContent,
): Promise<readonly string[]> {
  const old = await site.refs.read(request.ref);
  const tips = [...commits.tips, ...commits.others];
  const others = await Promise.all(staged.trees.slice(1).map((tree) => wrap(room.git, tree, [])));
  const tree = staged.trees[0] ?? request.tree;
  const pin = await pinOf(site, room, { request, tree, parents: [...tips, ...others], old });
  if (pin === old) return [];
  if (await transfer(site, room, [pin], request.base)) {
    await site.refs.set(request.ref, pin);
    return [];
  }
  // Some object is missing or broken: then each is tried alone, so that one costs nothing but itself.
  const sound: string[] = [];
  for (const tip of [...tips, ...others].slice(0, parentsMax)) {
    if (await transfer(site, room, [tip], request.base)) sound.push(tip);
  }
  const soundTree = (await transfer(site, room, [await wrap(room.git, tree, [])], request.base))
    ? tree
    : request.tree;
  const rest = await pinOf(site, room, { request, tree: soundTree, parents: sound, old });
  if (rest !== old && (await transfer(site, room, [rest], request.base))) {
    await site.refs.set(request.ref, rest);
  }
  return ["some of its objects are missing or broken"];
}

async function pinOf(
  site: Site,
  room: AgentStore,
  input: {
    readonly request: RescueRequest;
    readonly tree: string;
    readonly parents: readonly string[];
    readonly old: string | null;
  },
): Promise<string> {
  const { request, tree, old } = input;
  let parents = [...input.parents];
  while (parents.length > parentsMax) {
    const groups = Array.from({ length: Math.ceil(parents.length / parentsMax) }, (_, i) =>
      parents.slice(i * parentsMax, (i + 1) * parentsMax),
    );
    parents = await Promise.all(groups.map((group) => wrap(room.git, tree, group)));
  }
  if (old !== null) {
    const was = await site.objects.commit(old);
    const same = was.tree === tree && was.parents.join() === parents.join();
    if (same) return old;
    parents = [...parents.filter((id) => id !== old), old];
  }
  const date = dateAfter(await site.objects.commit(request.base));
  return await wrap(room.git, tree, parents, date);
}

async function wrap(git: Git, tree: string, parents: readonly string[], date = 0): Promise<string> {
  const args = ["commit-tree", tree, ...parents.flatMap((id) => ["-p", id])];
  const env = signature(keeper, date);
  return (await git.run([...args, "-m", "ra: what an agent left in its git"], { env })).trim();
}

/**
 * Copies what is reachable from commits, and not from the base, into the user's store, which checks every object and
 * every link. False when something is missing or broken; then none of it counts.
 */
async function transfer(
  site: Site,
  room: AgentStore,
  commits: readonly string[],
  base: string,
): Promise<boolean> {
  const input = `${commits.join("\n")}\n^${base}\n`;
  const name = join(room.dir, `out.${crypto.randomUUID().slice(0, 8)}`);
  const packed = await room.git.attempt(["pack-objects", "-q", "--revs", name], { input });
  if (packed.code !== 0) return false;
  const inputFile = `${name}-${packed.stdout.trim()}.pack`;
  const count = await objectsIn(inputFile);
  if (count === 0) return true;
  const args =
    count < packFrom ? ["unpack-objects", "-q", "--strict"] : ["index-pack", "--stdin", "--strict"];
  return (await site.control.attempt(args, { inputFile })).code === 0;
}

async function objectsIn(pack: string): Promise<number> {
  const handle = await open(pack, "r");
  try {
    const header = Buffer.alloc(12);
    await handle.read(header, 0, 12, 0);
    return header.readUInt32BE(8);
  } finally {
    await handle.close();
  }
}

function keptNote(ref: string, commits: Commits, staged: StagedContent): string {
  const some = (count: number, one: string): string[] => {
    if (count === 0) return [];
    return [count === 1 ? `1 ${one}` : `${count} ${one}${one.endsWith("h") ? "es" : "s"}`];
  };
  const parts = [
    ...some(commits.count, "commit"),
    ...some(commits.stashes, "stash"),
    ...some(commits.others.length, "tagged object"),
    ...(staged.trees.length > 0 ? ["staged content"] : []),
  ];
  const last = parts.at(-1)!;
  const list = parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${last}` : last;
  return `its git held ${list} beside its files: kept at \`${ref}\`, see \`git log ${ref}\``;
}

function inTrouble(notes: readonly string[], troubles: readonly string[]): Rescue {
  if (troubles.length === 0) return { notes, whole: true };
  const said = `its git could not be kept as a whole (${troubles.join("; ")}): its directory is set aside`;
  return { notes: [...notes, said], whole: false };
}
