import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Chain } from "../../core/dispatch/chain.ts";
import { keepOnBranch } from "../../core/dispatch/kept-branch.ts";
import type { Landing } from "../../core/run/model.ts";
import type { Repository } from "../../core/workspace/workspace.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { conflicts, makePair, nearMisses } from "./conflict-pairs.ts";
import { regular } from "./edits.ts";
import { attributesOf, changedBetween, type Files, writeTree } from "./files.ts";
import { plainPaths, type Triple, type Verdict } from "./plain-git.ts";
import { campaign, chunks, inTwoLanes, Random, replayOf } from "./random.ts";
import { makeScratch, passing, resultOf, type Scratch, writeRef } from "./scratch.ts";

const pairs = campaign("conflicts", 1000);
const kinds = [...Object.keys(conflicts), ...Object.keys(nearMisses)];
const limitMs = 900_000;

interface Played {
  readonly number: number;
  readonly kind: string;
  readonly expected: "clean" | "conflict";
  readonly triple: Triple;
  readonly landing: Landing;
  /** Tree of the tip once the second result was added. */
  readonly tree: string;
}

/** Lands one side, then the other, then something unrelated; what is wrong with that goes to `wrong`. */
async function playPair(
  scratch: Scratch,
  repository: Repository,
  number: number,
  wrong: (number: number, what: string) => void,
): Promise<Played> {
  const kind = kinds[number % kinds.length] as string;
  const pair = makePair(kind, new Random("conflicts", pairs.seed, number), `c${number}`);
  const third: Files = new Map(pair.base).set("noise/2", regular("unrelated\n"));
  const [run, target] = [`c${number}`, `t${number}`];
  const base = scratch.store.commit({ tree: writeTree(scratch.store, pair.base) });
  writeRef(scratch.gitDir, `refs/heads/${target}`, base);
  const chain = new Chain({
    keep: (commit) => keepOnBranch(repository, run, commit),
    ...{ repository, run, target, base, follows: true },
    rank: (task) => Number(task.id.slice(1)),
    verify: passing,
  });
  const add = async (id: string, files: Files): Promise<Landing> => {
    const tree = writeTree(scratch.store, files);
    const commit = scratch.store.commit({ tree, parents: [base], message: id });
    const pin = `refs/ra/${run}/${id}/1`;
    writeRef(scratch.gitDir, pin, commit);
    const landing = await chain.add(
      resultOf({ id, base, commit, paths: changedBetween(pair.base, files) }),
    );
    const kept = readFileSync(join(scratch.gitDir, pin), "utf8").trim();
    if (kept !== commit) wrong(number, `${kind}: ${pin} moved to ${kept}`);
    return landing;
  };
  const first = await add("t0", pair.ours);
  const before = { tip: chain.tip, target: await repository.branchTip(target) };
  const landing = await add("t1", pair.theirs);
  const after = { tip: chain.tip, target: await repository.branchTip(target) };
  if (landing.kind === "conflicted" && JSON.stringify(before) !== JSON.stringify(after)) {
    wrong(number, `${kind}: a conflict moved the tip or the target`);
  }
  if (first.kind !== "merged" && first.kind !== "nothing") {
    wrong(number, `${kind}: the first did not land: ${JSON.stringify(first)}`);
  }
  const rest = await add("t2", third);
  if (rest.kind !== "merged") wrong(number, `${kind}: the rest did not land`);
  const published = await chain.publish(false);
  const tip = await repository.branchTip(target);
  if (published?.keptOn !== null || tip !== chain.tip) wrong(number, `${kind}: not published`);
  const triple = {
    base: await repository.tree(base),
    ours: writeTree(scratch.store, pair.ours),
    theirs: writeTree(scratch.store, pair.theirs),
    attributes: attributesOf(pair.base),
  };
  const tree = await repository.tree(after.tip);
  return { number, kind, expected: pair.verdict, triple, landing, tree };
}

/** What differs between the chain's answer, plain git's and the one that is known; null when nothing does. */
function difference({ kind, expected, landing, tree }: Played, verdict: Verdict): string | null {
  const said = `${kind}: git ${JSON.stringify(verdict)}, ra ${JSON.stringify(landing)}`;
  if (verdict.kind !== expected) return `${said}, expected ${expected}`;
  if (verdict.kind === "clean") {
    const clean = landing.kind === "merged" || landing.kind === "nothing";
    return clean && tree === verdict.tree ? null : said;
  }
  if (landing.kind !== "conflicted" || verdict.kind !== "conflict") return said;
  const alike = JSON.stringify(plainPaths(landing.paths)) === JSON.stringify(verdict.paths);
  return alike ? null : said;
}

test(
  "generated pairs give the verdict, paths and tree of plain git, and a conflict stops nothing else",
  async () => {
    const top = temporaryDirectory("ra-conflicts");
    const wrong: string[] = [];
    const count = { clean: 0, conflict: 0 };
    const seen = new Set<string>();
    const note = (number: number, what: string): void => {
      wrong.push(`${replayOf(pairs, number)}\n  ${what}`);
    };

    await inTwoLanes(chunks(pairs.cases, 50), async (numbers) => {
      const scratch = await makeScratch(join(top, `from-${numbers[0]}`));
      const repository = await scratch.open();
      const played: Played[] = [];
      for (const number of numbers) {
        try {
          played.push(await playPair(scratch, repository, number, note));
        } catch (error) {
          note(number, `${kinds[number % kinds.length]}: ${error}`);
        }
      }
      const triples = played.map(({ triple }) => triple);
      const verdicts = await scratch.plain.merge(scratch.store, triples);
      for (const [i, each] of played.entries()) {
        const what = difference(each, verdicts[i] as Verdict);
        if (what !== null) note(each.number, what);
        count[each.expected]++;
        if (each.number >= kinds.length || each.expected === "clean") continue;
        for (const word of await scratch.plain.conflictKinds(scratch.store, each.triple)) {
          seen.add(word);
        }
      }
      await rm(scratch.top, { recursive: true });
    });

    console.log(`conflicts: ${JSON.stringify(count)}, by git: ${[...seen].sort().join(", ")}`);
    expect(wrong).toEqual([]);
    if (pairs.cases.length < kinds.length) return;
    // Git's own names: without one of these, a kind would be missing.
    expect([...seen]).toEqual(
      expect.arrayContaining([
        ...["content", "add/add", "modify/delete", "rename/delete", "rename/rename"],
        ...["file/directory", "distinct types", "submodule"],
        ...["file location", "directory rename split"],
      ]),
    );
  },
  limitMs,
);
