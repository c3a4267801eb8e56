import type { Git } from "./git.ts";
import type { Clash, Merger } from "./workspace.ts";

/** What a task at work has changed so far. */
export interface Progress {
  readonly task: string;
  /** The commit it started from. */
  readonly base: string;
  /** Commit of the tree it has now. */
  readonly commit: string;
}

/** Entries a memory holds; old ones go first. */
const rememberedMax = 50_000;

/** What has landed, as one side of a pair. */
const landed = "";

/** Two sides that may clash, and the commit both are merged from. */
interface Pair {
  readonly one: Progress;
  readonly other: Progress;
  readonly base: string;
}

/** The paths a side changed, and the directories above them. */
interface Footprint {
  readonly paths: ReadonlySet<string>;
  readonly directories: ReadonlySet<string>;
}

/** Finds clashes, and remembers what it has looked at: each state of a pair is merged once. */
export class ClashFinder {
  readonly #control: Git;
  readonly #footprints = new Memory<Footprint>();
  readonly #verdicts = new Memory<readonly string[]>();
  readonly #older = new Memory<string | null>();

  constructor(control: Git) {
    this.#control = control;
  }

  /** Clashes of tasks with each other and with `tip`. Only pairs that changed a common path are merged. */
  async find(merger: Merger, tasks: readonly Progress[], tip: string): Promise<readonly Clash[]> {
    const pairs = await this.#pairs(tasks, tip);
    await this.#readFootprints(merger, pairs);
    const clashes: Clash[] = [];
    for (const pair of pairs) {
      const paths = await this.#conflict(merger, pair);
      const { one, other } = pair;
      const beside = other.task === landed ? null : other.task;
      if (paths.length > 0) clashes.push({ task: one.task, with: beside, paths });
    }
    return clashes;
  }

  /** Every two tasks, and every task with what has landed since it started. */
  async #pairs(tasks: readonly Progress[], tip: string): Promise<readonly Pair[]> {
    const changed = tasks.filter(({ base, commit }) => base !== commit);
    const pairs: Pair[] = [];
    for (const [i, one] of changed.entries()) {
      const { base } = one;
      if (tip !== base) pairs.push({ one, other: { task: landed, base, commit: tip }, base });
      for (const other of changed.slice(i + 1)) {
        const base = await this.#olderOf(one.base, other.base);
        if (base !== null) pairs.push({ one, other, base });
      }
    }
    return pairs;
  }

  async #readFootprints(merger: Merger, pairs: readonly Pair[]): Promise<void> {
    const unknown = new Map<string, readonly [string, string]>();
    for (const side of pairs.flatMap(({ one, other }) => [one, other])) {
      if (this.#footprints.get(keyOf(side)) === undefined) {
        unknown.set(keyOf(side), [side.base, side.commit]);
      }
    }
    const changes = await merger.changes([...unknown.values()]);
    [...unknown.keys()].forEach((key, i) => {
      this.#footprints.set(key, footprintOf(changes[i]!.map(({ path }) => path)));
    });
  }

  /** Paths that do not merge and that both sides touched; others are one side's business with what has landed. */
  async #conflict(merger: Merger, { one, other, base }: Pair): Promise<readonly string[]> {
    const [mine, theirs] = [one, other].map((side) => this.#footprints.get(keyOf(side))!);
    if (!meet(mine!, theirs!)) return [];
    const key = `${base} ${one.commit} ${other.commit}`;
    const known = this.#verdicts.get(key);
    if (known !== undefined) return known;
    const merge = await merger.merge({ base, ours: other.commit, theirs: one.commit });
    const touched = (path: string): boolean =>
      [mine!, theirs!].every((side) => meet(side, footprintOf([path])));
    const found = merge.kind === "clean" ? [] : merge.paths.filter(touched);
    this.#verdicts.set(key, found);
    return found;
  }

  /** The commit of the two from which the other descends; null when neither does. */
  async #olderOf(one: string, other: string): Promise<string | null> {
    if (one === other) return one;
    const key = [one, other].sort().join(" ");
    let found = this.#older.get(key);
    if (found === undefined) {
      found = null;
      if (await this.#comesBefore(one, other)) found = one;
      else if (await this.#comesBefore(other, one)) found = other;
      this.#older.set(key, found);
    }
    return found;
  }

  async #comesBefore(one: string, other: string): Promise<boolean> {
    return (await this.#control.attempt(["merge-base", "--is-ancestor", one, other])).code === 0;
  }
}

function keyOf({ base, commit }: Progress): string {
  return `${base} ${commit}`;
}

function footprintOf(paths: readonly string[]): Footprint {
  const directories = new Set<string>();
  for (const path of paths) {
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
      const directory = path.slice(0, end);
      if (directories.has(directory)) break;
      directories.add(directory);
    }
  }
  return { paths: new Set(paths), directories };
}

/** True when a path is in both, or a path of one is a directory of the other. */
function meet(one: Footprint, other: Footprint): boolean {
  const [few, many] = one.paths.size < other.paths.size ? [one, other] : [other, one];
  for (const path of few.paths) {
    if (many.paths.has(path) || many.directories.has(path)) return true;
  }
  for (const directory of few.directories) if (many.paths.has(directory)) return true;
  return false;
}

/** A map that forgets its oldest entries. */
class Memory<T> {
  readonly #entries = new Map<string, T>();

  get(key: string): T | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: T): void {
    this.#entries.set(key, value);
    if (this.#entries.size <= rememberedMax) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
