import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { listAgentDirectory, readAgentFile } from "./agent-file.ts";
import { findAgentGit, readAgentGit } from "./agent-git.ts";
import type { Site } from "./site.ts";
import { workTree } from "./snapshot.ts";
import { gitlinkMode } from "./tree-diff.ts";

/** Bytes of an index that is copied. */
const indexMax = 536_870_912;

/** How many commits are remembered: of many tasks that start or are taken up together most stand on the same one. */
const rememberedMax = 64;

const remembered = new WeakMap<Site, Map<string, Promise<ReadonlyMap<string, string>>>>();

/** Directories of a commit's submodules, with the commits they stand at. Each commit is listed once. */
export function submodulesOf(site: Site, commit: string): Promise<ReadonlyMap<string, string>> {
  const known = remembered.get(site) ?? new Map<string, Promise<ReadonlyMap<string, string>>>();
  remembered.set(site, known);
  const asked = known.get(commit);
  if (asked !== undefined) return asked;
  const found = listSubmodules(site, commit);
  known.set(commit, found);
  found.catch(() => known.delete(commit));
  for (const oldest of known.keys()) {
    if (known.size <= rememberedMax) break;
    known.delete(oldest);
  }
  return found;
}

async function listSubmodules(site: Site, commit: string): Promise<ReadonlyMap<string, string>> {
  const listed = await site.control.run(["ls-tree", "-r", "-z", commit]);
  const found = new Map<string, string>();
  if (!listed.includes(`${gitlinkMode} commit `)) return found;
  for (const line of listed.split("\0")) {
    const match = /^160000 commit ([0-9a-f]+)\t([\s\S]+)$/.exec(line);
    if (match) found.set(match[2]!, match[1]!);
  }
  return found;
}

/**
 * Notes on submodules in which an agent worked: the snapshot names a commit of theirs at most, and what they hold
 * beside it is nowhere else. Read as files; no git is started in a submodule. Empty when there is no such work.
 */
export async function submoduleWork(
  site: Site,
  workspace: string,
  submodules: ReadonlyMap<string, string>,
  index: string,
): Promise<readonly string[]> {
  const worked: string[] = [];
  for (const [path, commit] of submodules) {
    const dir = join(workspace, path);
    const place = await findAgentGit(workspace, dir);
    if (place.kind === "none") continue;
    const own =
      place.kind === "outside" ||
      (await holdsOwnCommits(site, { workspace, dir: place.dir }, commit)) ||
      (await holdsLooseObjects(place.dir)) ||
      (await isDirty(site, { dir, gitDir: place.dir, index: `${index}.submodule` }));
    if (own) worked.push(path);
  }
  return worked.map(
    (path) => `submodule \`${path}\` holds work of its own: its directory is set aside`,
  );
}

async function holdsOwnCommits(
  site: Site,
  { workspace, dir }: { readonly workspace: string; readonly dir: string },
  commit: string,
): Promise<boolean> {
  const { current, former, fetched, troubles } = await readAgentGit(site, workspace, dir);
  // What could not be read may be anything.
  return (
    troubles.length > 0 || [...current, ...former].some((id) => id !== commit && !fetched.has(id))
  );
}

/** What is fetched comes in packs, as a rule; what is staged or committed does not. */
async function holdsLooseObjects(dir: string): Promise<boolean> {
  const objects = await listAgentDirectory(join(dir, "objects"));
  for (const { name } of objects.filter(({ name }) => /^[0-9a-f]{2}$/.test(name))) {
    if ((await listAgentDirectory(join(dir, "objects", name))).length > 0) return true;
  }
  return false;
}

async function isDirty(
  site: Site,
  at: { readonly dir: string; readonly gitDir: string; readonly index: string },
): Promise<boolean> {
  const index = await readAgentFile(join(at.gitDir, "index"), indexMax);
  if (index === null || index.cut) return true;
  try {
    await writeFile(at.index, index.text, "latin1");
    const call = workTree(at.dir, at.index);
    const fresh = await site.control.attempt(["update-index", "--refresh"], call);
    if (fresh.code !== 0) return true;
    const others = await site.control.attempt(["ls-files", "--others", "--exclude-standard"], call);
    return others.code !== 0 || others.stdout !== "";
  } finally {
    await rm(at.index, { force: true });
    await rm(`${at.index}.lock`, { force: true });
  }
}
