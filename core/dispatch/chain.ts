import { createMutex } from "../mutex.ts";
import type { Task } from "../plan/plan.ts";
import type { Published } from "../run/event.ts";
import type { Landing } from "../run/model.ts";
import type { ChangedPath, Repository } from "../workspace/workspace.ts";

/** What a task left, ready to be merged. */
export interface Result {
  readonly task: Task;
  readonly attempt: number;
  readonly runner: string;
  /** The commit the attempt started from. */
  readonly base: string;
  /** Commit of the tree it left, on `base`. */
  readonly commit: string;
  readonly changes: readonly ChangedPath[];
}

/** Runs a check command on a commit in a throw-away checkout; null when it passed, else why not. */
export type Verify = (command: string, commit: string, result: Result) => Promise<string | null>;

export interface ChainOptions {
  readonly repository: Repository;
  readonly run: string;
  readonly target: string;
  readonly base: string;
  /** False: the base is not where the target stands, and the run works on it until something is published. */
  readonly follows: boolean;
  /** Place of a task in the plan's topological order. */
  readonly rank: (task: Task) => number;
  readonly verify: Verify;
}

interface Link {
  readonly result: Result;
  commit: string;
}

interface Rebuilt {
  readonly tip: string;
  readonly commits: readonly string[];
}

/** How often a target that keeps moving is followed before the work is left on a branch. */
const publishTriesMax = 5;

/**
 * The commits of a run, one per task, that have not reached the target yet. Results are merged one at a time, as
 * they come; `publish` puts them into the plan's order and moves the target.
 */
export class Chain {
  readonly #options: ChainOptions;
  /** The target's commit the chain grows from. */
  #onto: string;
  #tip: string;
  #links: Link[] = [];
  readonly #final = new Map<string, string>();
  #first: string | null = null;
  #follows: boolean;
  /** Set once the tip's tree is not the one that was verified task by task. */
  #unverified = false;
  /** What became of the last move of the target. */
  #published: Published | null = null;
  /** Results are merged and checked one after the other; a check may take minutes. */
  readonly #inTurn = createMutex();
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

  /** Merges a result onto the tip, checks the merged tree and makes its commit. One at a time. */
  add(result: Result): Promise<Landing> {
    return this.#inTurn(async () => {
      for (;;) {
        const landing = await this.#addOnce(result);
        if (landing !== null) return landing;
      }
    });
  }

  /** Takes over a result that an earlier process of the run merged and checked. False: it no longer merges. */
  restore(result: Result): Promise<boolean> {
    return this.#alone(async () => {
      const merged = await this.#merge(this.#tip, result);
      if (typeof merged !== "string") return false;
      if (merged === this.#tip) return true;
      this.#grow(result, merged);
      this.#unverified = true;
      return true;
    });
  }

  /** Moves the chain onto the target when somebody else has moved that, so that the next attempt sees it. */
  catchUp(): Promise<void> {
    return this.#alone(async () => {
      const now = await this.#options.repository.branchTip(this.#options.target);
      if (now === null || now === this.#onto || !this.#follows) return;
      const rebuilt = await this.#rebuild(now);
      if ("paths" in rebuilt) return;
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

  /** Null when the tip moved while the check ran: what was checked is not what would land. */
  async #addOnce(result: Result): Promise<Landing | null> {
    const tip = this.#tip;
    const merged = await this.#alone(() => this.#merge(tip, result));
    if (typeof merged !== "string") {
      return { kind: "conflicted", paths: merged.paths, with: this.#whoChanged(merged.paths) };
    }
    if (merged === tip) return { kind: "nothing" };
    const { verify } = result.task;
    const complaint = verify === null ? null : await this.#options.verify(verify, merged, result);
    if (complaint !== null) return { kind: "unverified", message: complaint };
    return this.#alone(async () => {
      if (this.#tip !== tip) return null;
      await this.#options.repository.pin(`refs/ra/${this.#options.run}/_tip`, merged);
      this.#grow(result, merged);
      return { kind: "merged", commit: merged };
    });
  }

  #grow(result: Result, commit: string): void {
    this.#links.push({ result, commit });
    this.#tip = commit;
  }

  /** The commit of a result on top of `tip`; `tip` itself when it adds nothing. */
  async #merge(
    tip: string,
    result: Result,
  ): Promise<string | { readonly paths: readonly string[] }> {
    const { repository } = this.#options;
    const merge = await repository.merge({ base: result.base, ours: tip, theirs: result.commit });
    if (merge.kind === "conflict") return { paths: merge.paths };
    if (merge.tree === (await repository.tree(tip))) return tip;
    const message = commitMessage(this.#options.run, result);
    return repository.commit({ tree: merge.tree, parent: tip, message });
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
    const complaint = from === this.#onto ? await this.#putInOrder() : await this.#follow(from);
    if (complaint !== null) return this.#keep(complaint);
    const to = this.#tip;
    const publication = await repository.publish({ target, from, to, inPlace });
    if (publication.kind === "moved") return null;
    if (publication.kind === "refused") return this.#keep(publication.reason);
    this.#first ??= from;
    for (const { result, commit } of this.#links) this.#final.set(result.task.id, commit);
    this.#links = [];
    this.#onto = to;
    this.#follows = true;
    return { target, from: this.#first, to, keptOn: null, reason: null };
  }

  /** Gives the commits the plan's order, unless that would change the tree that was checked. */
  async #putInOrder(): Promise<string | null> {
    const before = this.#tip;
    const ordered = this.#inPlanOrder();
    const sorted = ordered.every((link, i) => link === this.#links[i]);
    if (!sorted) {
      const rebuilt = await this.#rebuild(this.#onto);
      if (!("paths" in rebuilt) && (await this.#sameTree(rebuilt.tip, before))) {
        this.#adopt(this.#onto, rebuilt);
      }
    }
    return this.#unverified ? this.#verifyAll() : null;
  }

  async #follow(from: string): Promise<string | null> {
    const rebuilt = await this.#rebuild(from);
    if ("paths" in rebuilt) {
      const { target } = this.#options;
      return `\`${target}\` moved, and ${rebuilt.task} conflicts with it in ${rebuilt.paths.join(", ")}`;
    }
    this.#adopt(from, rebuilt);
    return this.#verifyAll();
  }

  /** Runs each check command of the chain once on the tip. */
  async #verifyAll(): Promise<string | null> {
    const last = new Map<string, Result>();
    for (const { result } of this.#links) {
      if (result.task.verify !== null) last.set(result.task.verify, result);
    }
    for (const [command, result] of last) {
      const complaint = await this.#options.verify(command, this.#tip, result);
      if (complaint !== null)
        return `\`${this.#options.target}\` moved, and on its new tip ${complaint}`;
    }
    this.#unverified = false;
    return null;
  }

  /** Merges every result again, in the plan's order, on top of another commit. */
  async #rebuild(
    onto: string,
  ): Promise<Rebuilt | { readonly task: string; readonly paths: readonly string[] }> {
    const commits: string[] = [];
    let tip = onto;
    for (const { result } of this.#inPlanOrder()) {
      const merged = await this.#merge(tip, result);
      if (typeof merged !== "string") return { task: result.task.id, paths: merged.paths };
      tip = merged;
      commits.push(merged);
    }
    return { tip, commits };
  }

  #adopt(onto: string, rebuilt: Rebuilt): void {
    this.#links = this.#inPlanOrder().map(({ result }, i) => ({
      result,
      commit: rebuilt.commits[i] as string,
    }));
    this.#onto = onto;
    this.#tip = rebuilt.tip;
  }

  #inPlanOrder(): Link[] {
    const { rank } = this.#options;
    return [...this.#links].sort((a, b) => rank(a.result.task) - rank(b.result.task));
  }

  async #sameTree(one: string, other: string): Promise<boolean> {
    const { repository } = this.#options;
    return (await repository.tree(one)) === (await repository.tree(other));
  }

  async #keep(reason: string): Promise<Published> {
    const { repository, run, target } = this.#options;
    const branch = `ra/${run}`;
    await repository.pin(`refs/heads/${branch}`, this.#tip);
    return { target, from: this.#onto, to: this.#tip, keptOn: branch, reason };
  }
}

/** Subject and trailers of a task's commit, as the contract words them. */
function commitMessage(run: string, result: Result): string {
  const { task, attempt, runner } = result;
  const description = task.description.replace(/\s+/g, " ").trim();
  const trailers = [
    `Ra-Run: ${run}`,
    `Ra-Task: ${task.id}`,
    `Ra-Attempt: ${attempt}`,
    `Ra-Runner: ${runner}`,
  ];
  return `dispatch: task ${task.id} — ${description}\n\n${trailers.join("\n")}\n`;
}
