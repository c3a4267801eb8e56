import { join } from "node:path";
import type { BaseAttributes } from "./attributes.ts";
import { requireFaithful } from "./faithful.ts";
import type { Git } from "./git.ts";
import { type Identity, keeper } from "./identity.ts";
import { writeCommit } from "./loose-object.ts";
import { DiffProcess, MergeProcess } from "./merge-process.ts";
import { type CommitFacts, dateAfter, type ObjectReader } from "./object-reader.ts";
import type { Quarantine } from "./quarantine.ts";
import { changedPaths } from "./tree-diff.ts";
import type { Merge, MergeInput, Merger } from "./workspace.ts";

/** What merges need of a repository. */
export interface MergeTools {
  readonly control: Git;
  readonly version: readonly [number, number];
  readonly objects: ObjectReader;
  readonly attributes: BaseAttributes;
  readonly quarantine: Quarantine;
}

/** Merges whose result stays in the quarantine until it is kept. `author` signs the commits. See `Repository.merger`. */
export function quarantinedMerger(
  tools: MergeTools,
  commits: readonly string[],
  author: () => Promise<Identity>,
): Merger {
  const { quarantine, objects } = tools;
  const trees = new TreeMerger(tools);
  // All at once: one git tells of hundreds of commits as fast as of one.
  const readAll = once(() => objects.commits(...commits));
  return {
    async merge(input) {
      await readAll();
      return trees.merge(input);
    },
    async changes(pairs) {
      await readAll();
      const facts = await objects.commits(...pairs.flat());
      const tree = (i: number): string => facts[i]!.tree;
      const all = await trees.diff(pairs.map((_, i) => [tree(2 * i), tree(2 * i + 1)]));
      return all.map(changedPaths);
    },
    async commit({ tree, parent, message }) {
      const date = dateAfter(await objects.commit(parent));
      return quarantine.commit({ tree, parents: [parent], who: await author(), date, message });
    },
    [Symbol.asyncDispose]: () => trees[Symbol.asyncDispose](),
  };
}

/** One merge whose tree goes into the user's store, durably. See `Repository.merge`. */
export async function mergeTrees(tools: MergeTools, input: MergeInput): Promise<Merge> {
  await using trees = new TreeMerger(tools);
  const merge = await trees.merge(input);
  const { base, ours, theirs } = input;
  if (merge.kind === "clean") await tools.quarantine.keepObject(merge.tree, [base, ours, theirs]);
  return merge;
}

/**
 * Three-way merges of the trees of two commits on the recorded base, with as few processes as git allows. What the
 * histories of the commits say does not count: an agent may have merged the target into its branch and thrown the
 * content away.
 */
class TreeMerger implements AsyncDisposable {
  readonly #tools: MergeTools;
  /** By work tree of attributes. */
  readonly #processes = new Map<string, MergeProcess>();
  #diffs: DiffProcess | null = null;

  constructor(tools: MergeTools) {
    this.#tools = tools;
  }

  async merge(input: MergeInput): Promise<Merge> {
    const { objects, quarantine } = this.#tools;
    const facts = await objects.commits(input.base, input.ours, input.theirs);
    const [base, ours, theirs] = facts as [CommitFacts, CommitFacts, CommitFacts];
    if (theirs.tree === base.tree || theirs.tree === ours.tree) {
      return { kind: "clean", tree: ours.tree };
    }
    if (ours.tree === base.tree) return { kind: "clean", tree: theirs.tree };
    const store = await quarantine.directory();
    const process = await this.#process(base.tree);
    const [left, right] = [onBase(store, base, ours), onBase(store, base, theirs)];
    const answer = await process.merge(left, right);
    if (!answer.clean) return { kind: "conflict", paths: answer.paths };
    await requireFaithful(await this.#differ(), {
      base: base.tree,
      ours: ours.tree,
      theirs: theirs.tree,
      merged: answer.tree,
    });
    return { kind: "clean", tree: answer.tree };
  }

  async diff(pairs: readonly (readonly [string, string])[]) {
    if (pairs.length === 0) return [];
    return (await this.#differ()).diff(...pairs);
  }

  async #differ(): Promise<DiffProcess> {
    const { control, quarantine } = this.#tools;
    this.#diffs ??= new DiffProcess(control, await quarantine.call());
    return this.#diffs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ends = [...this.#processes.values(), ...(this.#diffs === null ? [] : [this.#diffs])];
    await Promise.all(ends.map((process) => process[Symbol.asyncDispose]()));
  }

  async #process(baseTree: string): Promise<MergeProcess> {
    const { control, version, attributes, quarantine } = this.#tools;
    const workTree = await attributes.of(baseTree);
    let process = this.#processes.get(workTree);
    if (!process) {
      const call = await quarantine.call();
      const env = {
        ...call.env,
        GIT_WORK_TREE: workTree,
        GIT_INDEX_FILE: join(workTree, "no-index"),
      };
      process = new MergeProcess(control, { ...call, cwd: workTree, env }, version);
      this.#processes.set(workTree, process);
    }
    return process;
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

/** A commit with the tree of `side` whose only parent is the base, so that git can find no other merge base. */
function onBase(objects: string, base: CommitFacts, side: CommitFacts): string {
  if (side.parents.length === 1 && side.parents[0] === base.id) return side.id;
  const { tree } = side;
  const date = dateAfter(base);
  const message = "side of a merge";
  return writeCommit(objects, { tree, parents: [base.id], who: keeper, date, message });
}
