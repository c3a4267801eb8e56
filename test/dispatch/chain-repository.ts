import { Chain } from "../../core/dispatch/chain.ts";
import { keepOnBranch } from "../../core/dispatch/kept-branch.ts";
import type { Result } from "../../core/dispatch/result.ts";
import type {
  ChangedPath,
  Merge,
  Merger,
  Publication,
  Repository,
} from "../../core/workspace/workspace.ts";
import { makeTask } from "../support/rig.ts";

/** A check of a commit: null when it passes, else why not. */
export type Check = (command: string, commit: string) => Promise<string | null>;

/** A chain on `main` for tasks whose ids are in the plan's order by the alphabet. */
export function chainOn(
  repository: ChainRepository,
  options: { readonly base?: string; readonly check?: Check } = {},
): Chain {
  const { check = async () => null } = options;
  return new Chain({
    repository: repository.asRepository,
    run: "r1",
    target: "main",
    base: options.base ?? repository.tip(),
    follows: options.base === undefined,
    rank: ({ id }) => id.charCodeAt(0),
    keep: (commit) => keepOnBranch(repository.asRepository, "r1", commit),
    verify: async (command, commit) => ({ complaint: await check(command, commit), notes: [] }),
  });
}

type Files = Readonly<Record<string, string>>;

interface FakeCommit {
  readonly files: Files;
  readonly parent: string | null;
  readonly message: string;
}

/** What a chain needs of a repository, in memory: a tree is its files as JSON, a merge goes path by path. */
export class ChainRepository {
  readonly refs = new Map<string, string>();
  /** Called before the target moves; what it gives is the answer. */
  beforePublish: (() => Publication | null) | null = null;
  /** Called before each merge. */
  beforeMerge: () => void = () => {};
  readonly #commits = new Map<string, FakeCommit>();

  constructor(files: Files) {
    this.refs.set("refs/heads/main", this.make(files, null, "start"));
  }

  /** The part of the interface that a chain uses. */
  get asRepository(): Repository {
    return this as unknown as Repository;
  }

  make(files: Files, parent: string | null, message: string): string {
    const id = `c${this.#commits.size}`;
    this.#commits.set(id, { files, parent, message });
    return id;
  }

  /** As if somebody else committed to the target. */
  push(files: Files): string {
    const tip = this.tip();
    const commit = this.make({ ...this.files(tip), ...files }, tip, "of the user");
    this.refs.set("refs/heads/main", commit);
    return commit;
  }

  /** What a task left that wrote these files from `base`. */
  result(id: string, files: Files, options: { base?: string; verify?: string } = {}): Result {
    const base = options.base ?? this.tip();
    const commit = this.make({ ...this.files(base), ...files }, base, `left by ${id}`);
    const task = makeTask(id, { verify: options.verify ?? null });
    const changes = Object.keys(files).map((path): ChangedPath => ({ path, change: "modified" }));
    return { task, attempt: 1, runner: "shell", base, commit, changes };
  }

  tip(): string {
    return this.refs.get("refs/heads/main") as string;
  }

  files(commit: string): Files {
    return this.#get(commit).files;
  }

  /** First line of each commit's message, oldest first, without the first commit. */
  subjects(commit = this.tip()): string[] {
    const { parent, message } = this.#get(commit);
    if (parent === null) return [];
    return [...this.subjects(parent), message.split("\n")[0] as string];
  }

  async branchTip(branch: string): Promise<string | null> {
    return this.refs.get(`refs/heads/${branch}`) ?? null;
  }

  async resolve(revision: string): Promise<string> {
    const commit = this.refs.get(revision);
    if (commit === undefined) throw new Error(`no commit ${revision}`);
    return commit;
  }

  async tree(commit: string): Promise<string> {
    return treeOf(this.files(commit));
  }

  async commit(input: { tree: string; parent: string; message: string }): Promise<string> {
    return this.make(Object.fromEntries(JSON.parse(input.tree)), input.parent, input.message);
  }

  merger(): Merger {
    return {
      merge: (input) => this.merge(input),
      commit: (input) => this.commit(input),
      changes: () => Promise.reject(new Error("a chain asks for no changes")),
      [Symbol.asyncDispose]: async () => {},
    };
  }

  async pin(ref: string, commit: string): Promise<void> {
    this.refs.set(ref, commit);
  }

  async merge(input: { base: string; ours: string; theirs: string }): Promise<Merge> {
    this.beforeMerge();
    const [base, ours, theirs] = [input.base, input.ours, input.theirs].map((id) => this.files(id));
    const merged: Record<string, string> = {};
    const paths: string[] = [];
    for (const path of new Set([...Object.keys(ours!), ...Object.keys(theirs!)])) {
      const [was, mine, other] = [base![path], ours![path], theirs![path]];
      if (mine !== other && mine !== was && other !== was) paths.push(path);
      const now = other === was ? mine : other;
      if (now !== undefined) merged[path] = now;
    }
    if (paths.length > 0) return { kind: "conflict", paths };
    return { kind: "clean", tree: treeOf(merged) };
  }

  async publish(move: { target: string; from: string; to: string }): Promise<Publication> {
    const answer = this.beforePublish?.() ?? null;
    if (answer !== null) return answer;
    const ref = `refs/heads/${move.target}`;
    const tip = this.refs.get(ref) as string;
    if (tip !== move.from) return { kind: "moved", tip };
    this.refs.set(ref, move.to);
    return { kind: "landed" };
  }

  #get(commit: string): FakeCommit {
    const found = this.#commits.get(commit);
    if (!found) throw new Error(`no commit ${commit}`);
    return found;
  }
}

function treeOf(files: Files): string {
  return JSON.stringify(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
}
