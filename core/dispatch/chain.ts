import { createMutex } from "../mutex.ts";
import type { Published } from "../run/event.ts";
import type { Landing } from "../run/model.ts";
import type { ChainOptions } from "./chain-options.ts";
import type { Result } from "./result.ts";
import { complaintOf, type Layer, type Stack, stackUp } from "./stack.ts";
import { checkTop, type Trial, tryStack } from "./trial.ts";

/** A result whose landing somebody waits for. */
interface Waiting {
  readonly result: Result;
  resolve(landing: Landing): void;
  reject(error: unknown): void;
}

/** How often a target that keeps moving is followed before the work is left on a branch. */
const publishTriesMax = 5;

/**
 * The commits of a run, one per task, that have not reached the target yet. Results are merged as they come, and those
 * that come while others are checked are checked together; `publish` puts them into the plan's order and moves the
 * target.
 */
export class Chain {
  readonly #options: ChainOptions;
  /** The target's commit the chain grows from. */
  #onto: string;
  #tip: string;
  #links: readonly Layer[] = [];
  readonly #final = new Map<string, string>();
  #first: string | null = null;
  #follows: boolean;
  /** Set once the tip's tree is not the one that was verified task by task. */
  #unverified = false;
  /** What became of the last move of the target. */
  #published: Published | null = null;
  /** Results that wait to be merged, in the order they came. */
  #waiting: Waiting[] = [];
  /** Set while results are merged and checked; a check may take minutes. */
  #landing: Promise<void> | null = null;
  /** Guards the links and the tip. Held for merges, and for checks only while the target is being moved. */
  readonly #alone = createMutex();

  constructor(options: ChainOptions) {
    this.#options = options;
    this.#onto = options.base;
    this.#tip = options.base;
    this.#follows = options.follows;
  }

  /** The commit that holds everything landed so far: where the next attempt starts. */
  get tip(): string {
    return this.#tip;
  }

  /** True when a task's commit has not reached the target. */
  get unpublished(): boolean {
    return this.#links.length > 0;
  }

  /** The commit of a task on the branch it reached. */
  commitOf(id: string): string | null {
    const link = this.#links.find(({ result }) => result.task.id === id);
    return link?.commit ?? this.#final.get(id) ?? null;
  }

  /** Merges a result onto the tip, checks the merged tree and makes its commit, together with others that wait. */
  add(result: Result): Promise<Landing> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ result, resolve, reject });
      this.#landing ??= this.#landAll();
    });
  }

  /** Notes commits of the run that are on the target already, oldest first, with the commit below the first of them. */
  found(from: string, commits: readonly (readonly [task: string, commit: string])[]): void {
    const to = commits.at(-1)?.[1];
    if (to === undefined) return;
    for (const [task, commit] of commits) this.#final.set(task, commit);
    this.#first = from;
    this.#published = { target: this.#options.target, from, to, keptOn: null, reason: null };
  }

  /**
   * Takes over results that an earlier process of the run merged and checked, in the order they landed. Null, or the
   * first that no longer merges: then the chain is left as it was.
   */
  restore(results: readonly Result[]): Promise<Result | null> {
    return this.#alone(async () => {
      const { layers, conflicts, broken } = await this.#stack(this.#tip, results);
      for (const { error } of broken) throw error;
      const [conflict] = conflicts;
      if (conflict) return conflict.result;
      this.#grow(layers);
      this.#unverified ||= layers.length > 0;
      return null;
    });
  }

  /** Moves the chain onto the target when somebody else has moved that, so that the next attempt sees it. */
  catchUp(): Promise<void> {
    return this.#alone(async () => {
      const now = await this.#options.repository.branchTip(this.#options.target);
      if (now === null || now === this.#onto || !this.#follows) return;
      const rebuilt = await this.#rebuild(now);
      if ("complaint" in rebuilt) return;
      this.#adopt(now, rebuilt);
      this.#unverified ||= this.#links.length > 0;
    });
  }

  /**
   * Moves the target to the tip. A target that moved meanwhile gets the results merged and verified again on its new
   * tip. What cannot land is kept on the branch `ra/<run>`. Null when the run has made no commit.
   */
  publish(inPlace: boolean): Promise<Published | null> {
    return this.#alone(async () => {
      for (let tries = 0; this.#links.length > 0; tries++) {
        this.#published =
          tries < publishTriesMax
            ? await this.#publishOnce(inPlace)
            : await this.#keep(`\`${this.#options.target}\` moved ${tries} times meanwhile`);
        if (this.#published !== null) break;
      }
      return this.#published;
    });
  }

  async #landAll(): Promise<void> {
    // What arrives at the same moment goes together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      let open: readonly Waiting[] = this.#waiting.splice(0);
      try {
        while (open.length > 0) open = await this.#landTogether(open);
      } catch (error) {
        for (const { reject } of open) reject(error);
      }
    }
    this.#landing = null;
  }

  /** Gives those back whose turn has to come again: the tip moved, or what they were merged on did not pass. */
  async #landTogether(open: readonly Waiting[]): Promise<readonly Waiting[]> {
    const tip = this.#tip;
    const results = open.map(({ result }) => result);
    const stack = await this.#alone(() => this.#stack(tip, results));
    const trial = await tryStack(stack.layers, this.#options.verify);
    return this.#alone(async () => {
      // What was checked is not what would land.
      if (this.#tip !== tip) return open;
      const passed = stack.layers.slice(0, trial.passed);
      const top = passed.at(-1);
      if (top) await this.#options.repository.pin(`refs/ra/${this.#options.run}/_tip`, top.commit);
      this.#grow(passed);
      return this.#settle(open, stack, trial);
    });
  }

  /** Answers all whose landing is certain, and gives the others back. */
  #settle(open: readonly Waiting[], stack: Stack, trial: Trial): readonly Waiting[] {
    const landings = new Map<Result, Landing>();
    const passed = stack.layers.slice(0, trial.passed);
    const verified = { checks: trial.checks, together: passed.length, notes: trial.notes };
    for (const { result, commit } of passed) {
      landings.set(result, { kind: "merged", commit, ...(trial.checks > 0 ? { verified } : {}) });
    }
    const culprit = stack.layers[trial.passed];
    if (culprit) {
      const message = trial.complaint ?? "its check failed";
      landings.set(culprit.result, { kind: "unverified", message });
    }
    // What was merged on layers that all passed is certain; the rest is judged again without the culprit.
    for (const { result, paths, below } of stack.conflicts) {
      if (below > trial.passed) continue;
      landings.set(result, { kind: "conflicted", paths, with: this.#whoChanged(paths) });
    }
    for (const { result, below } of stack.empty) {
      if (below <= trial.passed) landings.set(result, { kind: "nothing" });
    }
    const errors = new Map(stack.broken.map(({ result, error }) => [result, error]));
    return open.filter(({ result, resolve, reject }) => {
      const landing = landings.get(result);
      if (landing) resolve(landing);
      else if (errors.has(result)) reject(errors.get(result));
      return !landing && !errors.has(result);
    });
  }

  #grow(layers: readonly Layer[]): void {
    this.#links = [...this.#links, ...layers];
    this.#tip = layers.at(-1)?.commit ?? this.#tip;
  }

  #stack(onto: string, results: readonly Result[]): Promise<Stack> {
    const { repository, run } = this.#options;
    return stackUp({ repository, run, onto, results });
  }

  #whoChanged(paths: readonly string[]): string[] {
    const touched = new Set(paths);
    return this.#links
      .filter(({ result }) => result.changes.some(({ path }) => touched.has(path)))
      .map(({ result }) => result.task.id);
  }

  async #publishOnce(inPlace: boolean): Promise<Published | null> {
    const { repository, target } = this.#options;
    const from = await repository.branchTip(target);
    if (from === null) return this.#keep(`branch \`${target}\` no longer exists`);
    const complaint = from === this.#onto ? null : await this.#follow(from);
    if (complaint !== null) return this.#keep(complaint);
    await this.#putInOrder();
    const doubt = this.#unverified ? await this.#verifyAll() : null;
    if (doubt !== null) return this.#keep(doubt);
    const to = this.#tip;
    const publication = await repository.publish({ target, from, to, inPlace });
    if (publication.kind === "moved") return null;
    if (publication.kind === "gone") return this.#keep(`branch \`${target}\` no longer exists`);
    if (publication.kind === "refused") return this.#keep(publication.reason);
    this.#first ??= from;
    for (const { result, commit } of this.#links) this.#final.set(result.task.id, commit);
    this.#links = [];
    this.#onto = to;
    this.#follows = true;
    return { target, from: this.#first, to, keptOn: null, reason: null };
  }

  /** Gives the commits the plan's order, unless that would change the tree that was checked or leave a task without one. */
  async #putInOrder(): Promise<void> {
    const { rank } = this.#options;
    const ordered = [...this.#links].sort((a, b) => rank(a.result.task) - rank(b.result.task));
    if (ordered.every((link, i) => link === this.#links[i])) return;
    const { layers } = await this.#stackOf(this.#onto, ordered);
    const top = layers.length === ordered.length ? layers.at(-1)?.commit : undefined;
    if (top && (await this.#sameTree(top, this.#tip))) this.#adopt(this.#onto, layers);
  }

  async #follow(from: string): Promise<string | null> {
    const rebuilt = await this.#rebuild(from);
    const moved = `\`${this.#options.target}\` moved, and`;
    if ("complaint" in rebuilt) return `${moved} ${rebuilt.complaint}`;
    this.#adopt(from, rebuilt);
    const complaint = await this.#verifyAll();
    return complaint && `${moved} on its new tip ${complaint}`;
  }

  /** Runs each check command of the chain once on the tip. */
  async #verifyAll(): Promise<string | null> {
    const verdict = await checkTop(this.#links, this.#options.verify);
    this.#unverified &&= verdict !== null && verdict.complaint !== null;
    return verdict?.complaint ?? null;
  }

  /**
   * Merges every result again on top of another commit, in the order of landing: one that changes what another left
   * would lose that in front of it, and be taken for one that adds nothing.
   */
  async #rebuild(onto: string): Promise<readonly Layer[] | { readonly complaint: string }> {
    const stack = await this.#stackOf(onto, this.#links);
    const complaint = complaintOf(stack);
    return complaint === null ? stack.layers : { complaint };
  }

  #stackOf(onto: string, links: readonly Layer[]): Promise<Stack> {
    return this.#stack(
      onto,
      links.map(({ result }) => result),
    );
  }

  #adopt(onto: string, layers: readonly Layer[]): void {
    this.#links = layers;
    this.#onto = onto;
    this.#tip = layers.at(-1)?.commit ?? onto;
  }

  async #sameTree(one: string, other: string): Promise<boolean> {
    const { repository } = this.#options;
    return (await repository.tree(one)) === (await repository.tree(other));
  }

  async #keep(reason: string): Promise<Published> {
    const branch = await this.#options.keep(this.#tip);
    const { target } = this.#options;
    return { target, from: this.#onto, to: this.#tip, keptOn: branch, reason };
  }
}
