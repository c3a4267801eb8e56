import { assert } from "../assert.ts";
import type { BaseAttributes } from "./attributes.ts";
import { type Git, gitFailed } from "./git.ts";
import { keeper, signature } from "./identity.ts";
import { type CommitFacts, dateAfter, type ObjectReader } from "./object-reader.ts";
import { diffTrees, type TreeEntryChange } from "./tree-diff.ts";
import type { Merge } from "./workspace.ts";

/** What a merge needs of a repository. */
export interface MergeTools {
  readonly control: Git;
  readonly objects: ObjectReader;
  readonly attributes: BaseAttributes;
}

/**
 * Three-way merge of the trees of two commits on the recorded base. What their histories say does not
 * count: an agent may have merged the target into its branch and thrown the content away. Throws a `Bug`
 * when git's clean result is not one; such a tree is never given out.
 */
export async function mergeTrees(
  tools: MergeTools,
  input: { readonly base: string; readonly ours: string; readonly theirs: string },
): Promise<Merge> {
  const facts = await tools.objects.commits(input.base, input.ours, input.theirs);
  const [base, ours, theirs] = facts as [CommitFacts, CommitFacts, CommitFacts];
  if (theirs.tree === base.tree || theirs.tree === ours.tree) {
    return { kind: "clean", tree: ours.tree };
  }
  if (ours.tree === base.tree) return { kind: "clean", tree: theirs.tree };
  const [left, right, attributes] = await Promise.all([
    onBase(tools.control, base, ours),
    onBase(tools.control, base, theirs),
    tools.attributes.of(base.tree),
  ]);
  const flags = ["--write-tree", "-z", "--no-messages"];
  const args = [...attributes.options, "merge-tree", ...flags, left, right];
  const done = await tools.control.attempt(args, { config: attributes.config });
  if (done.code === 1) return { kind: "conflict", paths: conflictPaths(done.stdout) };
  if (done.code !== 0) throw gitFailed(args, done);
  const tree = done.stdout.split("\0")[0]!.trim();
  await requireFaithful(tools.control, { base, ours, theirs, tree });
  return { kind: "clean", tree };
}

/**
 * Paths the second change set brought besides its own. `landed`: what it changed in the merged tree.
 * A path that the other side added counts as its own when the other side also deleted one of its paths:
 * git then followed a rename. An empty answer is what the four trees of a faithful merge give.
 */
export function strayPaths(
  landed: readonly TreeEntryChange[],
  own: readonly TreeEntryChange[],
  other: readonly TreeEntryChange[],
): readonly string[] {
  const mine = new Set(own.map(({ path }) => path));
  const strays = landed.filter(({ path }) => !mine.has(path)).map(({ path }) => path);
  if (strays.length === 0) return [];
  const moved = other.some(({ status, path }) => status === "D" && mine.has(path));
  const targets = new Set(other.filter(({ status }) => status === "A").map(({ path }) => path));
  return strays.filter((path) => !(moved && targets.has(path)));
}

/** A commit with the tree of `side` whose only parent is the base, so that git can find no other merge base. */
async function onBase(control: Git, base: CommitFacts, side: CommitFacts): Promise<string> {
  if (side.parents.length === 1 && side.parents[0] === base.id) return side.id;
  const args = ["commit-tree", side.tree, "-p", base.id, "-m", "side of a merge"];
  // Nothing refers to it once the merge is over, so it need not survive a power cut.
  const config = { "core.fsync": "none" };
  const env = signature(keeper, dateAfter(base));
  return (await control.run(args, { env, config })).trim();
}

/** Reads the entries after the tree; the messages that could follow are not asked for. */
function conflictPaths(stdout: string): readonly string[] {
  const paths = new Set<string>();
  for (const record of stdout.split("\0").slice(1)) {
    const entry = /^[0-7]{6} [0-9a-f]+ [123]\t([\s\S]+)$/.exec(record);
    if (entry) paths.add(entry[1]!);
  }
  return [...paths].sort();
}

async function requireFaithful(
  control: Git,
  trees: { base: CommitFacts; ours: CommitFacts; theirs: CommitFacts; tree: string },
): Promise<void> {
  const { base, ours, theirs, tree } = trees;
  const [theirChanges, landed, ourChanges, kept] = await diffTrees(control, [
    [base.tree, theirs.tree],
    [ours.tree, tree],
    [base.tree, ours.tree],
    [theirs.tree, tree],
  ]);
  const strays = [
    ...strayPaths(landed!, theirChanges!, ourChanges!),
    ...strayPaths(kept!, ourChanges!, theirChanges!),
  ];
  assert(
    strays.length === 0,
    `the merge of ${theirs.id} into ${ours.id} changes paths that neither side changed: ${strays.join(", ")}`,
  );
}
