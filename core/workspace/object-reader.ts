import { ExitCode, RaError } from "../error.ts";
import type { Git } from "./git.ts";

/** What a commit says of itself. */
export interface CommitFacts {
  readonly id: string;
  readonly tree: string;
  readonly parents: readonly string[];
  /** Committer date, seconds since the epoch. */
  readonly date: number;
}

/** Facts kept in memory; they never change, so the bound is only against growth. */
const factsMax = 20_000;

/** Reads commits through the control repository and remembers what they said. */
export class ObjectReader {
  readonly #control: Git;
  readonly #facts = new Map<string, CommitFacts>();
  /** Commits this process made: those that nobody has kept cannot be read again. */
  readonly #made = new Map<string, CommitFacts>();

  constructor(control: Git) {
    this.#control = control;
  }

  /** Facts of full commit ids, in their order, with at most one git. Throws `RaError` (exit 6) when one is missing. */
  async commits(...ids: readonly string[]): Promise<readonly CommitFacts[]> {
    const unknown = [...new Set(ids.filter((id) => this.#known(id) === undefined))];
    if (unknown.length > 0) await this.#load(unknown);
    return ids.map((id) => {
      const facts = this.#known(id);
      if (facts === undefined) throw missingCommit(id);
      return facts;
    });
  }

  /** Facts of one commit. */
  async commit(id: string): Promise<CommitFacts> {
    const [facts] = await this.commits(id);
    return facts!;
  }

  /** Takes note of a commit that was just made. */
  remember(facts: CommitFacts): void {
    this.#made.set(facts.id, facts);
  }

  #known(id: string): CommitFacts | undefined {
    return this.#made.get(id) ?? this.#facts.get(id);
  }

  async #load(ids: readonly string[]): Promise<void> {
    const format = "--format=%H %T %ct %P";
    const args = ["log", "--no-walk=unsorted", format, "--end-of-options", ...ids];
    if (this.#facts.size > factsMax) this.#facts.clear();
    for (const line of (await this.#control.run(args)).split("\n")) {
      const [id, tree, date, ...parents] = line.trim().split(" ");
      if (!id || !tree) continue;
      this.#facts.set(id, { id, tree, date: Number(date), parents });
    }
  }
}

/**
 * Time of a new commit on `parent`, in seconds: now, but never before the parent. A commit older than its
 * parent makes git walk the whole history at every merge.
 */
export function dateAfter(parent: CommitFacts): number {
  return Math.max(Math.floor(Date.now() / 1000), parent.date);
}

function missingCommit(id: string): RaError {
  return new RaError({
    code: "GIT_NO_COMMIT",
    exitCode: ExitCode.environment,
    message: `\`${id}\` is not a commit of this repository`,
  });
}
