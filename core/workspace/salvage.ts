import type { AgentGit } from "./agent-git.ts";
import type { AgentStore } from "./agent-store.ts";
import { type Git, gitFailed } from "./git.ts";
import { diffTrees, gitlinkMode } from "./tree-diff.ts";

/** Commits that are tried one by one when git cannot follow all of them at once. */
const singlesMax = 200;

/** What an agent's git names beside the base's history. */
export interface Commits {
  /** Commits that lead to all the others. */
  readonly tips: readonly string[];
  /** Commits made of what is named and is none: trees and files with a tag. */
  readonly others: readonly string[];
  /** Trees of all of them. */
  readonly trees: readonly string[];
  /** How many commits and how many stashes. */
  readonly count: number;
  readonly stashes: number;
  readonly troubles: readonly string[];
}

/** Trees of what is staged and nowhere else. */
export interface StagedContent {
  readonly trees: readonly string[];
  readonly troubles: readonly string[];
}

interface Named {
  readonly id: string;
  readonly type: string;
}

interface Line {
  readonly id: string;
  readonly tree: string;
  readonly parents: readonly string[];
}

/** Finds the commits that an agent's git names and that do not belong to the base or to another repository. */
export async function ownCommits(git: Git, found: AgentGit, base: string): Promise<Commits> {
  const named = await peel(git, [...found.current, ...found.former, ...found.fetched]);
  const troubles = new Set<string>();
  const lost = [...found.current].filter((id) => !named.has(id));
  if (lost.length > 0) troubles.add(`${lost.length} of its refs name objects that are not there`);
  const ids = (from: Iterable<string>, type: string): string[] => {
    const all = [...from].map((id) => named.get(id)).filter((one) => one?.type === type);
    return [...new Set(all.map((one) => one!.id))];
  };
  const wanted = ids([...found.current, ...found.former], "commit").filter((id) => id !== base);
  const without = [base, ...ids(found.fetched, "commit")];
  const lines = await history(git, wanted, without, troubles);
  const inner = new Set(lines.flatMap(({ parents }) => parents));
  const listed = new Map(lines.map((line) => [line.id, line]));
  const stashed = ids(found.stashes, "commit").filter((id) => listed.has(id));
  const ofStash = new Set(stashed.flatMap((id) => [id, ...listed.get(id)!.parents.slice(1)]));
  const loose = await wrapOthers(git, {
    trees: ids(found.current, "tree"),
    blobs: ids(found.current, "blob"),
  });
  return {
    tips: wanted.filter((id) => listed.has(id) && !inner.has(id)),
    others: loose,
    trees: lines.map(({ tree }) => tree),
    count: lines.filter(({ id }) => !ofStash.has(id)).length,
    stashes: stashed.length,
    troubles: [...troubles],
  };
}

/** What ids stand for once tags are followed; ids of objects that are not there are left out. */
async function peel(git: Git, ids: readonly string[]): Promise<ReadonlyMap<string, Named>> {
  const named = new Map<string, Named>();
  if (ids.length === 0) return named;
  const input = ids.map((id) => `${id}^{}\n`).join("");
  const lines = (await git.run(["cat-file", "--batch-check"], { input })).split("\n");
  ids.forEach((asked, i) => {
    const [id, type] = lines[i]!.split(" ");
    if (/^(?:commit|tree|blob)$/.test(type ?? "")) named.set(asked, { id: id!, type: type! });
  });
  return named;
}

/** Commits reachable from `wanted` and not from `without`. One that cannot be followed costs only itself. */
async function history(
  git: Git,
  wanted: readonly string[],
  without: readonly string[],
  troubles: Set<string>,
): Promise<readonly Line[]> {
  if (wanted.length === 0) return [];
  const ends = without.map((id) => `^${id}\n`).join("");
  const list = (ids: readonly string[]) => {
    const args = ["rev-list", "--stdin", "--no-commit-header", "--format=%H %T %P"];
    return git.attempt(args, { input: `${ids.join("\n")}\n${ends}` });
  };
  const all = await list(wanted);
  if (all.code === 0) return parse(all.stdout);
  troubles.add("the history of some of its commits is not whole");
  const found = new Map<string, Line>();
  for (const id of wanted.slice(0, singlesMax)) {
    const one = await list([id]);
    if (one.code === 0) for (const line of parse(one.stdout)) found.set(line.id, line);
  }
  return [...found.values()];
}

function parse(text: string): Line[] {
  return text.split("\n").flatMap((line) => {
    const [id, tree, ...parents] = line.trim().split(" ");
    return id && tree ? [{ id, tree, parents }] : [];
  });
}

/** Makes commits of trees and of files that a ref of the agent's names. */
async function wrapOthers(
  git: Git,
  named: { readonly trees: readonly string[]; readonly blobs: readonly string[] },
): Promise<readonly string[]> {
  const trees = [...named.trees];
  if (named.blobs.length > 0) {
    const input = named.blobs.map((id) => `100644 blob ${id}\t${id}\n`).join("");
    trees.push((await git.run(["mktree"], { input })).trim());
  }
  const made: string[] = [];
  const env = wrapper;
  for (const tree of trees) {
    made.push((await git.run(["commit-tree", tree, "-m", "named by a ref"], { env })).trim());
  }
  return made;
}

/** Fixed, so that what was kept before is known again. */
const wrapper = {
  GIT_AUTHOR_NAME: "ra",
  GIT_AUTHOR_EMAIL: "ra@localhost",
  GIT_AUTHOR_DATE: "@0 +0000",
  GIT_COMMITTER_NAME: "ra",
  GIT_COMMITTER_EMAIL: "ra@localhost",
  GIT_COMMITTER_DATE: "@0 +0000",
};

/** Trees of the indexes that hold a file as neither the base, nor the snapshot, nor any commit has it. */
export async function stagedContent(
  room: AgentStore,
  heads: readonly string[],
  trees: { readonly base: string; readonly now: string; readonly known: ReadonlySet<string> },
): Promise<StagedContent> {
  const found = new Set<string>();
  const troubles = new Set<string>();
  for (const head of heads) {
    const index = await room.takeIndex(head);
    if (index === null) {
      troubles.add("an index could not be read");
      continue;
    }
    const staged = await indexTree(room.git, index, troubles);
    if (staged === null || trees.known.has(staged)) continue;
    const pairs = [trees.base, trees.now].map((tree) => [tree, staged] as const);
    const [toBase, toNow] = await diffTrees(room.git, pairs);
    const others = new Set(toNow!.filter(({ newMode }) => isFile(newMode)).map(({ path }) => path));
    if (toBase!.some(({ path, newMode }) => isFile(newMode) && others.has(path))) found.add(staged);
  }
  return { trees: [...found], troubles: [...troubles] };
}

function isFile(mode: string): boolean {
  return mode !== "000000" && mode !== gitlinkMode;
}

/** The tree of an index. One in the middle of a merge gives its sides below `ra-unmerged/<stage>/` as well. */
async function indexTree(git: Git, index: string, troubles: Set<string>): Promise<string | null> {
  const env = { GIT_INDEX_FILE: index };
  const written = await git.attempt(["write-tree"], { env });
  if (written.code === 0) return written.stdout.trim();
  const listed = await git.attempt(["ls-files", "-s", "-z"], { env, bytes: true });
  if (listed.code !== 0) {
    troubles.add("an index could not be read");
    return null;
  }
  const entries = listed.stdout.split("\0").flatMap((line) => {
    const match = /^([0-7]{6}) ([0-9a-f]+) ([0-3])\t([\s\S]+)$/.exec(line);
    return match ? [{ mode: match[1]!, id: match[2]!, stage: match[3]!, path: match[4]! }] : [];
  });
  const there = await peel(git, [...new Set(entries.map(({ id }) => id))]);
  const kept = entries.filter(({ id, mode }) => mode === gitlinkMode || there.has(id));
  if (kept.length < entries.length) troubles.add("an index names objects that are not there");
  const input = kept.map(({ mode, id, stage, path }) => {
    return `${mode} ${id}\t${stage === "0" ? path : `ra-unmerged/${stage}/${path}`}\0`;
  });
  const sorted = { env: { GIT_INDEX_FILE: `${index}.sorted` } };
  const args = ["update-index", "-z", "--index-info"];
  const made = await git.attempt(args, { ...sorted, bytes: true, input: input.join("") });
  if (made.code !== 0) throw gitFailed(args, made);
  return (await git.run(["write-tree"], sorted)).trim();
}
