import { Chain } from "../../core/dispatch/chain.ts";
import { keepOnBranch } from "../../core/dispatch/kept-branch.ts";
import type { Landing } from "../../core/run/model.ts";
import type { Repository } from "../../core/workspace/workspace.ts";
import { ObjectStore } from "./object-store.ts";
import type { MergeCommit, Original } from "./original.ts";
import { plainPaths, type Triple, type Verdict } from "./plain-git.ts";
import { inTwoLanes } from "./random.ts";
import { passing, resultOf, writeRef } from "./scratch.ts";

/** A merge with the three trees it is made of. */
interface Case {
  readonly merge: MergeCommit;
  readonly base: string;
  readonly triple: Triple;
}

/** What `ra` made of a case: the tree that landed, the paths in conflict, or what it threw. */
type Outcome =
  | { readonly kind: "landed"; readonly tree: string }
  | { readonly kind: "conflict"; readonly paths: readonly string[] }
  | { readonly kind: "thrown"; readonly message: string };

/** Replays merges through the real chain and repository, and compares with plain git. */
export class Replay {
  /** One line for each case in which `ra` and plain git differ. */
  readonly differences: string[] = [];
  readonly #original: Original;
  readonly #referenceStore: ObjectStore;
  readonly #count = {
    ...{ merges: 0, clean: 0, conflicts: 0, equal: 0, different: 0, violations: 0 },
    ...{ "without a base": 0, "objects missing": 0 },
  };
  #repository: Repository | undefined;

  constructor(original: Original) {
    this.#original = original;
    this.#referenceStore = new ObjectStore(original.referenceObjects, original.format);
  }

  /** The figures so far in one line. */
  summary(): string {
    return Object.entries(this.#count)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ");
  }

  async run(merges: readonly MergeCommit[]): Promise<void> {
    this.#repository ??= await this.#original.scratch.open();
    const cases: Case[] = [];
    await inTwoLanes(merges, async (merge) => {
      const found = await this.#prepare(merge);
      if (found !== null) cases.push(found);
    });
    const { reference, scratch } = this.#original;
    const triples = cases.map(({ triple }) => triple);
    const verdicts = await reference.merge(this.#referenceStore, triples);
    const heads = cases.map(({ merge, base }) => `create refs/heads/m${merge.id} ${base}\n`);
    await scratch.plain.run(["update-ref", "--stdin"], { input: heads.join("") });
    await inTwoLanes(
      cases.map((each, i) => [each, verdicts[i] as Verdict] as const),
      async ([each, verdict]) => {
        const outcome = verdict.kind === "missing" ? null : await this.#play(each);
        const missing = outcome?.kind === "thrown" && !(await this.#isWhole(each));
        if (outcome === null || missing) this.#count["objects missing"]++;
        else this.#compare(each, verdict, outcome);
      },
    );
  }

  async close(): Promise<void> {
    await this.#original.source.close();
  }

  /** Null when the parents have no base, or when an object of them is not there. */
  async #prepare(merge: MergeCommit): Promise<Case | null> {
    const { scratch, source } = this.#original;
    const found = await scratch.plain.attempt(["merge-base", ...merge.parents]);
    const base = found.stdout.trim();
    if (base === "") {
      this.#count[found.code === 1 ? "without a base" : "objects missing"]++;
      return null;
    }
    const trees = await scratch.plain.attempt([
      "rev-parse",
      ...[base, ...merge.parents].map((commit) => `${commit}^{tree}`),
    ]);
    try {
      if (trees.code !== 0) throw new Error(trees.stderr);
      const [baseTree, ours, theirs] = trees.stdout.split("\n") as [string, string, string];
      const attributes = new Map<string, string>();
      for (const [path, id] of await source.filesNamed(".gitattributes", baseTree)) {
        attributes.set(path, await source.blob(id));
      }
      return { merge, base, triple: { base: baseTree, ours, theirs, attributes } };
    } catch {
      this.#count["objects missing"]++;
      return null;
    }
  }

  /** False when a tree is not there, which a merge may do without and a look at the changes may not. */
  async #isWhole({ triple }: Case): Promise<boolean> {
    const { reference } = this.#original;
    const input = `${triple.base} ${triple.ours}\n${triple.base} ${triple.theirs}\n`;
    const done = await reference.attempt(["diff-tree", "--stdin", "-r", "--no-renames"], { input });
    return done.code === 0;
  }

  /** Two tasks that work side by side on the base, landed by the product. */
  async #play({ merge, base, triple }: Case): Promise<Outcome> {
    const { scratch } = this.#original;
    const repository = this.#repository as Repository;
    const run = `r${merge.id}`;
    const target = `m${merge.id}`;
    const chain = new Chain({
      keep: (commit) => keepOnBranch(repository, run, commit),
      ...{ repository, run, target, base, follows: true },
      rank: (task) => Number(task.id.slice(1)),
      verify: passing,
    });
    try {
      const landings: Landing[] = [];
      for (const [i, tree] of [triple.ours, triple.theirs].entries()) {
        const commit = scratch.store.commit({ tree, parents: [base] });
        writeRef(scratch.gitDir, `refs/ra/${run}/t${i}/1`, commit);
        landings.push(await chain.add(resultOf({ id: `t${i}`, base, commit, paths: [] })));
      }
      const published = await chain.publish(false);
      if (published?.keptOn != null) throw new Error(`not landed: ${published.reason}`);
      const [first, second] = landings as [Landing, Landing];
      if (second.kind === "conflicted") return { kind: "conflict", paths: second.paths };
      const odd = landings.find(({ kind }) => kind !== "merged" && kind !== "nothing");
      if (odd !== undefined) throw new Error(`${JSON.stringify(odd)} after ${first.kind}`);
      const tip = await repository.branchTip(target);
      const printed = await scratch.plain.run(["rev-parse", `${tip}^{tree}`]);
      return { kind: "landed", tree: printed.trim() };
    } catch (error) {
      return { kind: "thrown", message: String(error) };
    }
  }

  #compare({ merge, triple }: Case, verdict: Verdict, outcome: Outcome): void {
    this.#count.merges++;
    if (verdict.kind === "clean") this.#count.clean++;
    else this.#count.conflicts++;
    const told = { ours: triple.ours, theirs: triple.theirs, base: triple.base };
    if (isEqual(verdict, outcome)) {
      this.#count.equal++;
      return;
    }
    this.#count.different++;
    const violation = outcome.kind === "thrown" && outcome.message.includes("neither side changed");
    if (violation) this.#count.violations++;
    this.differences.push(
      `${violation ? "violation" : "different"}: merge ${merge.id}\n` +
        `  trees ${JSON.stringify(told)}\n  git ${JSON.stringify(verdict)}\n` +
        `  ra ${JSON.stringify(outcome)}`,
    );
  }
}

function isEqual(verdict: Verdict, outcome: Outcome): boolean {
  if (verdict.kind === "clean") return outcome.kind === "landed" && outcome.tree === verdict.tree;
  if (verdict.kind !== "conflict" || outcome.kind !== "conflict") return false;
  return JSON.stringify(plainPaths(outcome.paths)) === JSON.stringify(verdict.paths);
}
