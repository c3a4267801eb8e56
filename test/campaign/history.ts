import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Chain } from "../../core/dispatch/chain.ts";
import { keepOnBranch } from "../../core/dispatch/kept-branch.ts";
import type { Published } from "../../core/run/event.ts";
import type { Landing } from "../../core/run/model.ts";
import type { Repository } from "../../core/workspace/workspace.ts";
import {
  binaryOf,
  type EditSource,
  randomFiles,
  randomlyEdited,
  regular,
  textOf,
} from "./edits.ts";
import { changedBetween, type Entry, type Files, writeTree } from "./files.ts";
import { Marks } from "./marks.ts";
import type { ObjectSource } from "./object-source.ts";
import type { Random } from "./random.ts";
import { checked, resultOf, type Scratch, writeRef } from "./scratch.ts";

/** What one task of a history left. */
export interface Left {
  readonly id: string;
  readonly base: string;
  readonly baseFiles: Files;
  readonly files: Files;
  readonly commit: string;
  /** True: its check fails on every tree that holds its change. */
  readonly bad: boolean;
  readonly verify: string | null;
}

/** What the chain said to a result. */
export interface Added {
  readonly left: Left;
  /** Where the chain stood. */
  readonly tip: string;
  readonly landing: Landing | Thrown;
}

/** The chain gave no answer. */
export interface Thrown {
  readonly kind: "thrown";
  readonly message: string;
}

/** A history as it was played, for the oracle. */
export interface Played {
  readonly number: number;
  readonly run: string;
  readonly target: string;
  readonly start: string;
  readonly added: readonly Added[];
  /** Commits that the user put on the target. */
  readonly byUser: readonly string[];
  readonly published: Published | null;
  /** Where the chain ended. */
  readonly tip: string;
  /** Commits on which a check passed. */
  readonly passed: ReadonlySet<string>;
}

/** Plays one random history through the real chain and repository. */
export class History {
  readonly #number: number;
  readonly #random: Random;
  readonly #scratch: Scratch;
  readonly #repository: Repository;
  readonly #source: ObjectSource;
  readonly #marks: Marks;
  readonly #run: string;
  readonly #target: string;
  readonly #added: Added[] = [];
  readonly #byUser: string[] = [];
  readonly #passed = new Set<string>();
  #count = 0;
  #tried = 0;

  constructor(input: {
    readonly number: number;
    readonly random: Random;
    readonly scratch: Scratch;
    readonly repository: Repository;
    readonly source: ObjectSource;
  }) {
    this.#number = input.number;
    this.#random = input.random;
    this.#scratch = input.scratch;
    this.#repository = input.repository;
    this.#source = input.source;
    this.#run = `h${input.number}`;
    this.#target = `t${input.number}`;
    this.#marks = new Marks(`h${input.number}`);
  }

  async play(): Promise<Played> {
    const random = this.#random;
    const files = randomFiles(random, this.#marks);
    const start = this.#commit(files, []);
    const edits = this.#editSource(files);
    writeRef(this.#scratch.gitDir, `refs/heads/${this.#target}`, start);
    const ranks = random.shuffled([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    const chain = new Chain({
      keep: (commit) => keepOnBranch(this.#repository, this.#run, commit),
      repository: this.#repository,
      run: this.#run,
      target: this.#target,
      base: start,
      follows: true,
      rank: (task) => ranks[Number(task.id.slice(1))] as number,
      verify: async (command, commit) => checked(await this.#check(command, commit)),
    });
    const bases = [start];
    const tasks = random.between(3, 5);
    while (this.#count < tasks) {
      const group: Left[] = [];
      for (let i = random.between(1, 4); i > 0; i--) {
        group.push(await this.#leave(random.pick(bases), chain.tip, edits));
      }
      await this.#add(chain, group);
      if (random.chance(0.12)) await this.#commitAsUser(start, edits);
      if (random.chance(0.1)) await unlessGitDies(chain.catchUp());
      if (random.chance(0.2)) await unlessGitDies(chain.publish(false));
      // What a workspace starts from is kept; until then a chain that caught up is only tried.
      await this.#repository.pin(`refs/ra/${this.#run}/_tip`, chain.tip);
      bases.push(chain.tip);
    }
    const published = await unlessGitDies(chain.publish(false));
    return {
      ...{ number: this.#number, run: this.#run, target: this.#target, start, published },
      ...{ added: this.#added, byUser: this.#byUser, tip: chain.tip, passed: this.#passed },
    };
  }

  /** Results that come at once are merged in the order they came. */
  async #add(chain: Chain, group: readonly Left[]): Promise<void> {
    let tip = chain.tip;
    const landings = await Promise.all(
      group.map((left) => {
        const paths = changedBetween(left.baseFiles, left.files);
        const result = resultOf({ ...left, paths });
        return chain
          .add(result)
          .catch((error): Thrown => ({ kind: "thrown", message: `${error}` }));
      }),
    );
    landings.forEach((landing, i) => {
      this.#added.push({ left: group[i] as Left, tip, landing });
      if (landing.kind === "merged") tip = landing.commit;
    });
  }

  /** Makes a result on a recorded base. Its commit may tell any story of how it came to be. */
  async #leave(base: string, tip: string, edits: EditSource): Promise<Left> {
    const random = this.#random;
    const baseFiles = await this.#filesOf(base);
    const files = randomlyEdited(baseFiles, edits);
    const id = `t${this.#count++}`;
    const commit = this.#commit(files, this.#parents(base, tip));
    writeRef(this.#scratch.gitDir, `refs/ra/${this.#run}/${id}/1`, commit);
    const bad = random.chance(0.06);
    const verify = bad || random.chance(0.06) ? `reject ${bad ? id : "nobody"}` : null;
    return { id, base, baseFiles, files, commit, bad, verify };
  }

  /** Honest, or the shapes that a merge with `-s ours`, a reset, or siblings that were reverted leave. */
  #parents(base: string, tip: string): string[] {
    switch (this.#random.below(8)) {
      case 0:
        return [base, tip];
      case 1:
        return [tip, base];
      case 2:
        return [tip];
      case 3:
        return [];
      default:
        return [base];
    }
  }

  async #commitAsUser(start: string, edits: EditSource): Promise<void> {
    const path = join(this.#scratch.gitDir, "refs/heads", this.#target);
    const tip = readFileSync(path, "utf8").trim();
    const files = randomlyEdited(await this.#filesOf(this.#random.pick([tip, tip, start])), edits);
    const commit = this.#commit(files, [tip]);
    await this.#move(commit, tip);
    this.#byUser.push(commit);
  }

  async #move(to: string, from: string): Promise<void> {
    const ref = `refs/heads/${this.#target}`;
    await this.#scratch.plain.run(["update-ref", "-m", "by the user", ref, to, from], {
      env: { GIT_COMMITTER_NAME: "Eve", GIT_COMMITTER_EMAIL: "eve@example.com" },
    });
  }

  /** Pinned first: until then a commit that is only tried is nowhere that plain git looks. */
  async #check(command: string, commit: string): Promise<string | null> {
    await this.#repository.pin(`refs/ra/${this.#run}/tried/${this.#tried++}`, commit);
    const format = "--format=%(trailers:key=Ra-Run,valueonly)%(trailers:key=Ra-Task,valueonly)";
    const printed = await this.#scratch.plain.run(["log", "--first-parent", format, commit]);
    const culprit = command.slice("reject ".length);
    if (printed.includes(`${this.#run}\n${culprit}\n`)) return `${culprit} is bad`;
    this.#passed.add(commit);
    return null;
  }

  #commit(files: Files, parents: readonly string[]): string {
    const tree = writeTree(this.#scratch.store, files);
    return this.#scratch.store.commit({ tree, parents, message: `commit of ${this.#run}` });
  }

  #filesOf(commit: string): Promise<Files> {
    return this.#source.files(`${commit}^{tree}`);
  }

  #editSource(start: Files): EditSource {
    const [random, marks] = [this.#random, this.#marks];
    const shared: (readonly [string, Entry])[] = [
      ["shared/one.txt", regular(textOf(random, marks, 6))],
      ["shared/two.bin", regular(binaryOf(random, marks))],
      ["shared/three.sh", { mode: "100755", data: textOf(random, marks, 3) }],
    ];
    return { random, marks, shared, start };
  }
}

/** Some merges kill git itself; then the chain has no answer, and must not have done anything either. */
async function unlessGitDies<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (/merge-tree.*failed \(signal\)/.test(String(error))) return null;
    throw error;
  }
}
