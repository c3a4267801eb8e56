import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { attributesOf, changedBetween } from "./files.ts";
import type { Added, Left, Played } from "./history.ts";
import { emptyTally, type Tally } from "./history-tally.ts";
import { wrongMarks } from "./marks.ts";
import type { ObjectSource } from "./object-source.ts";
import { plainPaths, type Triple, type Verdict } from "./plain-git.ts";
import type { Scratch } from "./scratch.ts";

interface Commit {
  readonly id: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly run: string;
  readonly tasks: readonly string[];
}

/** A question to plain git, and what its answer must be. */
interface Question {
  readonly triple: Triple;
  readonly judge: (verdict: Verdict) => string | null;
}

/** Something that must not be, and the number of the history it is in. */
export interface Violation {
  readonly number: number;
  readonly what: string;
}

/** Judges histories by what plain git says of the repository they left. */
export class HistoryOracle {
  readonly violations: Violation[] = [];
  readonly tally: Tally = emptyTally();
  readonly #scratch: Scratch;
  readonly #source: ObjectSource;
  readonly #commits = new Map<string, Commit>();
  readonly #kept = new Set<string>();
  readonly #asked: (Question & { readonly number: number })[] = [];

  constructor(scratch: Scratch, source: ObjectSource) {
    this.#scratch = scratch;
    this.#source = source;
  }

  async judge(all: readonly Played[]): Promise<void> {
    await this.#readCommits(all);
    for (const played of all) {
      for (const added of played.added) await this.#judgeAdded(played, added);
      await this.#judgeLine(played);
      this.#judgeMoves(played);
      this.#judgeKept(played);
    }
    const verdicts = await this.#scratch.plain.merge(
      this.#scratch.store,
      this.#asked.map(({ triple }) => triple),
    );
    this.#asked.forEach(({ number, judge }, i) => {
      const what = judge(verdicts[i] as Verdict);
      if (what !== null) this.violations.push({ number, what });
    });
    await this.#checkStore(all);
  }

  #fail(played: Played, what: string): void {
    this.violations.push({ number: played.number, what });
  }

  /** All commits that refs keep, and those that landings named. */
  async #readCommits(all: readonly Played[]): Promise<void> {
    const landed = all.flatMap(({ added }) =>
      added.flatMap(({ tip, landing }) =>
        landing.kind === "merged" ? [tip, landing.commit] : [tip],
      ),
    );
    const format = [
      ...["%H", "%T", "%P", "%(trailers:key=Ra-Run,valueonly,separator=%x2C)"],
      "%(trailers:key=Ra-Task,valueonly,separator=%x2C)",
    ].join("%x09");
    const kept = await this.#scratch.plain.run(["rev-list", "--all"]);
    for (const id of kept.split("\n")) this.#kept.add(id);
    const printed = await this.#scratch.plain.run(
      ["log", "--all", "--stdin", `--format=${format}`],
      { input: `${landed.join("\n")}\n` },
    );
    for (const line of printed.split("\n")) {
      const [id = "", tree = "", parents = "", run = "", tasks = ""] = line.split("\t");
      if (id === "") continue;
      const list = (text: string, by: string): string[] => (text === "" ? [] : text.split(by));
      this.#commits.set(id, {
        ...{ id, tree, run, parents: list(parents, " "), tasks: list(tasks, ",") },
      });
    }
  }

  /** A verdict of the chain is the one of plain git, on the tip it had. */
  async #judgeAdded(played: Played, { left, tip, landing }: Added): Promise<void> {
    const about = `${left.id} onto ${tip}`;
    const ask = (judge: Question["judge"]): void => this.#ask(played, left, tip, judge);
    switch (landing.kind) {
      case "merged": {
        const commit = this.#commit(landing.commit);
        if (commit.parents.join() !== tip) this.#fail(played, `${about}: not on the tip`);
        if (left.bad) this.#fail(played, `${about}: landed although its check fails`);
        const passed = [...played.passed].some((on) => this.#isBehind(landing.commit, on));
        if (left.verify !== null && !passed) this.#fail(played, `${about}: landed unchecked`);
        ask((verdict) => mustBe(about, verdict, commit.tree));
        return;
      }
      case "nothing":
        this.tally.nothing++;
        ask((verdict) => mustBe(about, verdict, this.#commit(tip).tree));
        return;
      case "conflicted": {
        this.tally.conflicts++;
        const paths = JSON.stringify(plainPaths(landing.paths));
        ask((verdict) =>
          verdict.kind === "conflict" && JSON.stringify(verdict.paths) === paths
            ? null
            : `${about}: conflict in ${paths}, git: ${told(verdict)}`,
        );
        return;
      }
      case "thrown":
        this.tally.gitDied++;
        // Some merges kill git itself.
        ask((verdict) => (verdict.kind === "missing" ? null : `${about}: ${landing.message}`));
        return;
      default:
        this.tally.unverified++;
        if (!left.bad) this.#fail(played, `${about}: ${JSON.stringify(landing)}`);
        ask((verdict) => (verdict.kind === "clean" ? null : `${about}: git: ${told(verdict)}`));
    }
  }

  /** Walks what landed, newest first, and holds each step against the four trees of its merge. */
  async #judgeLine(played: Played): Promise<void> {
    const wanted = new Set(
      played.added.flatMap(({ left, landing }) => (landing.kind === "merged" ? [left.id] : [])),
    );
    const seen = new Set<string>();
    for (let id = played.tip; id !== played.start; ) {
      const commit = this.#commits.get(id);
      const parent = commit?.parents[0];
      if (commit === undefined || parent === undefined) {
        return this.#fail(played, `${id} does not go back to the start`);
      }
      if (!played.byUser.includes(id)) {
        const task = commit.tasks[0] ?? "";
        const of = played.added.find(({ left }) => left.id === task);
        if (of === undefined || commit.tasks.length !== 1 || commit.run !== played.run) {
          this.#fail(played, `${id} is of no task`);
        } else {
          if (seen.has(task)) this.#fail(played, `${task} landed twice`);
          seen.add(task);
          this.tally.landed++;
          await this.#judgeStep(played, of.left, parent, commit);
        }
      }
      id = parent;
    }
    for (const task of seen.difference(wanted)) this.#fail(played, `${task} landed unasked`);
    for (const { left } of played.added) {
      if (wanted.has(left.id) && !seen.has(left.id)) this.#judgeAbsorbed(played, left);
    }
  }

  /** A task without a commit of its own must have nothing to add to what is there. */
  #judgeAbsorbed(played: Played, left: Left): void {
    this.tally.absorbed++;
    this.#ask(played, left, played.tip, (verdict) =>
      verdict.kind === "clean" && verdict.tree !== this.#commit(played.tip).tree
        ? `${left.id} is told to have landed, and is not there`
        : null,
    );
  }

  async #judgeStep(played: Played, left: Left, parent: string, commit: Commit): Promise<void> {
    const about = `${left.id} in ${commit.id}`;
    this.#ask(played, left, parent, (verdict) => mustBe(about, verdict, commit.tree));
    const { baseFiles: base, files: result } = left;
    const old = await this.#source.files(`${parent}^{tree}`);
    const now = await this.#source.files(commit.tree);
    const own = new Set(changedBetween(base, result));
    const others = new Set(changedBetween(base, old));
    const from = this.#commit(left.base).tree;
    for (const path of changedBetween(old, now)) {
      if (own.has(path)) continue;
      if (await this.#followedRename(from, parent, path, own)) this.tally.followedRenames++;
      else this.#fail(played, `${about}: \`${path}\` changed, which the task left alone`);
    }
    for (const path of changedBetween(result, now)) {
      if (others.has(path)) continue;
      if (await this.#followedRename(from, left.commit, path, others)) this.tally.followedRenames++;
      else this.#fail(played, `${about}: \`${path}\` is not as the task left it`);
    }
    const union = [base, old, result].some((files) => attributesOf(files).size > 0);
    const wrong = wrongMarks({ base, old, result, now }, union);
    if (wrong.length > 0) this.#fail(played, `${about}: lines lost or back: ${wrong.join(" ")}`);
  }

  /**
   * True when the path is where one side moved a file to that the other side changed, and git sees that as a rename
   * when it looks at the two paths alone.
   */
  async #followedRename(
    base: string,
    side: string,
    path: string,
    changed: ReadonlySet<string>,
  ): Promise<boolean> {
    const files = await this.#source.files(base);
    for (const from of changed) {
      if (!files.has(from)) continue;
      const args = ["diff-tree", "-r", "-M", "-z", "--name-status", base, side, "--", from, path];
      const printed = await this.#scratch.plain.run(args, { env: { GIT_LITERAL_PATHSPECS: "1" } });
      const records = printed.split("\0");
      if (records.some((word, i) => /^R\d+$/.test(word) && records[i + 2] === path)) return true;
    }
    return false;
  }

  /** The target only ever went forward along first parents, and only by `ra` or the user. */
  #judgeMoves(played: Played): void {
    const log = join(this.#scratch.gitDir, "logs/refs/heads", played.target);
    let at = played.start;
    for (const line of existsSync(log) ? readFileSync(log, "utf8").split("\n") : []) {
      const [from = "", to = ""] = line.split(" ");
      if (line === "") continue;
      if (from !== at) this.#fail(played, `the target jumped from ${at} to ${from}`);
      if (!this.#isBehind(from, to)) this.#fail(played, `the target went from ${from} to ${to}`);
      at = to;
    }
    const published = played.published;
    if (published === null || published.keptOn !== null) return;
    const left =
      this.#isBehind(published.to, at) && (at === played.tip || played.byUser.includes(at));
    if (!left) this.#fail(played, `the target is at ${at} and not at the tip`);
  }

  #judgeKept(played: Played): void {
    const branch = join(this.#scratch.gitDir, "refs/heads/ra", played.run);
    if (played.published?.keptOn != null) {
      this.tally.kept++;
      const held = existsSync(branch) ? readFileSync(branch, "utf8").trim() : "nothing";
      if (held !== played.tip) this.#fail(played, `ra/${played.run} holds ${held}`);
    }
    for (const id of [...played.added.map(({ left }) => left.commit), ...played.byUser]) {
      if (!this.#kept.has(id)) this.#fail(played, `no ref keeps ${id}`);
    }
  }

  /** Git itself writes a bad tree for some conflicts; no ref leads there. */
  async #checkStore(all: readonly Played[]): Promise<void> {
    const args = ["fsck", "--full", "--strict", "--no-dangling"];
    const done = await this.#scratch.plain.attempt(args);
    const complaints = done.stderr.split("\n").filter((line) => /error|fatal|warning/.test(line));
    if (complaints.length === 0) return;
    const reached = await this.#scratch.plain.run(["rev-list", "--all", "--objects"]);
    const ids = new Set(reached.split("\n").map((line) => line.split(" ")[0]));
    for (const complaint of complaints) {
      const tree = /^(?:error|warning) in tree ([0-9a-f]+):/.exec(complaint)?.[1];
      if (tree !== undefined && !ids.has(tree)) continue;
      this.#fail(all[0] as Played, `git fsck: ${complaint}`);
    }
  }

  #ask(played: Played, left: Left, tip: string, judge: Question["judge"]): void {
    const triple = {
      base: this.#commit(left.base).tree,
      ours: this.#commit(tip).tree,
      theirs: this.#commit(left.commit).tree,
      attributes: attributesOf(left.baseFiles),
    };
    this.#asked.push({ number: played.number, triple, judge });
  }

  #commit(id: string): Commit {
    const commit = this.#commits.get(id);
    if (commit === undefined) throw new Error(`git does not know the commit ${id}`);
    return commit;
  }

  #isBehind(from: string, to: string): boolean {
    for (let id: string | undefined = to; id !== undefined; ) {
      if (id === from) return true;
      id = this.#commits.get(id)?.parents[0];
    }
    return false;
  }
}

function mustBe(about: string, verdict: Verdict, tree: string): string | null {
  if (verdict.kind === "clean" && verdict.tree === tree) return null;
  return `${about}: tree ${tree}, git: ${told(verdict)}`;
}

function told(verdict: Verdict): string {
  return JSON.stringify(verdict);
}
