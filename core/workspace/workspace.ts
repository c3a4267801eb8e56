import type { Isolation } from "../plan/plan.ts";

/** A path that differs between two trees. */
export interface ChangedPath {
  readonly path: string;
  readonly change: "added" | "modified" | "deleted" | "renamed" | "type";
  /** Set when it is a symbolic link now. */
  readonly link?: true;
}

/** The tree a directory holds, pinned by a commit on the recorded base. */
export interface Snapshot {
  readonly commit: string;
  readonly tree: string;
  /** True when the tree equals the tree of the base. */
  readonly unchanged: boolean;
  readonly changes: readonly ChangedPath[];
  /** What git cannot hold: nested repositories, empty directories and the like, for the report. */
  readonly notes: readonly string[];
}

/** Where one attempt works. */
export interface Workspace {
  readonly path: string;
  /** The commit the attempt starts from; null without git. */
  readonly base: string | null;
  /** What the programs in it need besides their own environment, so that git keeps to it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Takes the tree as it is now and pins it at `refs/ra/<run>/<task>/<attempt>`. Null without git. */
  snapshot(message: string): Promise<Snapshot | null>;
  /** In place only: puts the checkout back to what it held before the attempt. Others: nothing to do. */
  restore(): Promise<void>;
  /** Gives the directory up. Only after the snapshot is recorded, or when there is nothing to keep. */
  close(): Promise<void>;
}

export interface WorkspaceRequest {
  readonly run: string;
  readonly task: string;
  readonly attempt: number;
  readonly isolation: Isolation;
  readonly base: string;
  /** True: its directory is the same in each attempt of the task, as some agents bind a conversation to it. Default: its own. */
  readonly lasting?: boolean;
  /** Globs of files that git ignores and that snapshots hold all the same. Default: none. */
  readonly keep?: readonly string[];
}

/** Three commits: the recorded base, never searched for, and two sides. */
export interface MergeInput {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
}

export type Merge =
  | { readonly kind: "clean"; readonly tree: string }
  | { readonly kind: "conflict"; readonly paths: readonly string[] };

/** Merges and commits, many at a time, that are kept only when a ref or a workspace is made from them. */
export interface Merger extends AsyncDisposable {
  /** As `Repository.merge`. */
  merge(input: MergeInput): Promise<Merge>;
  /** A commit object with the user's identity. */
  commit(input: { tree: string; parent: string; message: string }): Promise<string>;
  /** Differences of pairs of commits, in their order. */
  changes(
    pairs: readonly (readonly [string, string])[],
  ): Promise<readonly (readonly ChangedPath[])[]>;
}

/** Two tasks whose changes do not merge as they are now. */
export interface Clash {
  readonly task: string;
  /** The other task at work; null for what has landed. */
  readonly with: string | null;
  readonly paths: readonly string[];
}

/** Looks for conflicts while tasks run, without a trace in their workspaces or the user's store. */
export interface Lookout extends AsyncDisposable {
  /**
   * Clashes between tasks at work, and of each with `tip`, which holds what has landed. Only what changed since the last
   * look is merged. A workspace that cannot be read right now is passed over.
   */
  look(tasks: readonly WorkspaceRequest[], tip: string): Promise<readonly Clash[]>;
}
/** Three commits whose merge conflicts. The labels name the sides in conflict markers: no spaces, as in a ref. */
export interface ConflictRequest {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
  readonly labels: { readonly ours: string; readonly theirs: string };
}

/** A path in conflict. The texts are those of each side; null where it has no file there, or none that is text. */
export interface ConflictedPath {
  readonly path: string;
  /** Files that each hold one side of a conflict that markers cannot show. Empty when markers stand in the path. */
  readonly sides: readonly string[];
  readonly base: string | null;
  readonly ours: string | null;
  readonly theirs: string | null;
}

/** A conflict as something to work on: `commit` stands on `ours`. `ledger` is the file for lines dropped on purpose. */
export type Conflicted =
  | { readonly kind: "clean" }
  | { readonly kind: "undecidable"; readonly reason: string }
  | {
      readonly kind: "conflict";
      readonly commit: string;
      readonly ledger: string;
      readonly paths: readonly ConflictedPath[];
    };

/** What became of an attempt to move the target branch. */
export type Publication =
  | { readonly kind: "landed" }
  | { readonly kind: "moved"; readonly tip: string }
  | { readonly kind: "gone" }
  | { readonly kind: "refused"; readonly reason: string };

/** A commit that holds what an attempt left: its first parent is the base it started from. */
export interface KeptCommit {
  readonly commit: string;
  readonly base: string;
  readonly tree: string;
  readonly changes: readonly ChangedPath[];
}

/** The git repository a run works on, as the dispatcher sees it. */
export interface Repository {
  /** The main checkout: where `.ra/` lives. */
  readonly root: string;
  /** Commit of a revision. Throws `RaError` (exit 6) when it names none. */
  resolve(revision: string): Promise<string>;
  /** The branch that is checked out; null when HEAD is detached. */
  currentBranch(): Promise<string | null>;
  /** Commit of a local branch; null when it does not exist. */
  branchTip(branch: string): Promise<string | null>;
  /** True when tracked files or the index of the checkout differ from HEAD. */
  dirty(): Promise<boolean>;
  open(request: WorkspaceRequest): Promise<Workspace>;
  /** A throw-away checkout of a commit, for verify. */
  openScratch(
    run: string,
    commit: string,
  ): Promise<{ readonly path: string; close(): Promise<void> }>;
  /**
   * Three-way merge of the trees of three commits. Throws a `Bug` when git's clean result changes what neither side
   * changed; such a tree is never given out.
   */
  merge(input: MergeInput): Promise<Merge>;
  /** For merges that follow each other; dispose of it when they are done. `commits`: those it will meet. */
  merger(commits: readonly string[]): Merger;
  lookout(): Lookout;
  /** A commit object with the user's identity; no ref is moved, so `pin` it before it counts as kept. */
  commit(input: { tree: string; parent: string; message: string }): Promise<string>;
  tree(commit: string): Promise<string>;
  changes(from: string, to: string): Promise<readonly ChangedPath[]>;
  /** The conflict of a merge as a commit on `ours` that an agent can work on; nothing refers to it yet. */
  conflicted(request: ConflictRequest): Promise<Conflicted>;
  /** Commits the tree of `commit`, but for some files, on another parent; nothing refers to it yet. */
  replant(input: { commit: string; parent: string; without: readonly string[] }): Promise<string>;
  /** A commit on `tip` with what an attempt kept merged into it, `tip` where that has all of it; null where it does not merge. */
  carried(input: { tip: string; kept: string }): Promise<string | null>;
  /** Texts of paths of a commit, of a link its target; what is missing or no text is left out. */
  texts(commit: string, paths: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Moves a ref below `refs/ra/` or a branch `ra/...`, so that its commit is kept. */
  pin(ref: string, commit: string): Promise<void>;
  /**
   * Moves `target` from `from` to `to` by compare-and-swap. Where the branch is checked out, its files move as well,
   * which is refused when anything of the user's stands at a path that changes; all else stays as it is. `inPlace`:
   * that checkout already holds the files of `to`, so only the index and the branch move.
   */
  publish(input: {
    target: string;
    from: string;
    to: string;
    inPlace?: boolean;
  }): Promise<Publication>;
}

/** A commit of a run on its target. */
export interface LandedCommit {
  readonly commit: string;
  /** Null for the first commit of a history. */
  readonly parent: string | null;
  /** The tasks of the run that it names; several where somebody squashed them. */
  readonly tasks: readonly string[];
  /** True when it holds the work of another run besides. */
  readonly foreign: boolean;
  /** The commit it takes back; null when it brings work. */
  readonly reverts: string | null;
  readonly subject: string;
}

/** A commit that changed certain paths. */
export interface TouchingCommit {
  readonly commit: string;
  readonly subject: string;
  /** The task it is of, as `run/task`; null for a commit of somebody else. */
  readonly task: string | null;
}

/** How a difference is printed: as a patch, as a table of sizes, as names of paths. */
export type PatchForm = "patch" | "stat" | "names";

/** What stands of the workspace of an attempt whose `ra` is dead. */
export interface AbandonedWorkspace {
  readonly task: string;
  readonly attempt: number;
  readonly isolation: Isolation;
  /** The commit it was made from; null when that was not recorded yet, so that no program ran in it. */
  readonly base: string | null;
  /** False: its files were not all there yet, so that no program ran in it. */
  readonly isFilled: boolean;
  /** As in `WorkspaceRequest`. */
  readonly lasting?: boolean;
}

/** A repository on disk, with what only clean-up, recovery and looking back need. */
export interface GitRepository extends Repository {
  /** The commits of a run in the first-parent history of `tip` after `base`, newest first, reverts among them. */
  landedCommits(wanted: {
    readonly run: string;
    readonly base: string | null;
    readonly tip: string;
  }): Promise<readonly LandedCommit[]>;
  /** The commits after `from` in the first-parent history of `to` that changed one of the paths, newest first. */
  commitsTouching(wanted: {
    readonly from: string;
    readonly to: string;
    readonly paths: readonly string[];
  }): Promise<readonly TouchingCommit[]>;
  /** Reads results, in their order, with at most three git processes for all. Throws `RaError` (exit 6) when one is missing. */
  keptCommits(commits: readonly string[]): Promise<readonly KeptCommit[]>;
  /** The commit that `carried` put what was kept onto; null for a commit that it did not make. */
  carriedOnto(commit: string): Promise<string | null>;
  /** Deletes a branch below `ra/` if it stands at this commit and nobody has it checked out. False: it is kept. */
  discard(branch: string, commit: string): Promise<boolean>;
  /** The difference of two commits, byte for byte. No diff driver, text conversion or pager of anybody runs. */
  patch(from: string, to: string, form: PatchForm): Promise<Uint8Array>;
  /** Ids of the tasks of a run that have a commit after `base` in the history of `tip`. */
  landedTasks(wanted: {
    readonly run: string;
    readonly base: string;
    readonly tip: string;
  }): Promise<ReadonlySet<string>>;
  /** Takes up the workspace that a killed `ra` left, so that its work can be kept. Null when there is none. */
  adopt(request: WorkspaceRequest): Promise<Workspace | null>;
  /** What stands of the workspaces of a run whose `ra` is dead. `lasting`: the last attempts of the tasks whose directory lasts. */
  abandoned(
    run: string,
    lasting?: ReadonlyMap<string, number>,
  ): Promise<readonly AbandonedWorkspace[]>;
  /**
   * Removes what a dead `ra` left of a run besides work. `empty`: workspaces in which nothing ran. Others than those
   * and the `open` ones, as `task.attempt`, are moved to `leftovers`.
   */
  clearAbandoned(
    run: string,
    leftovers: {
      readonly empty: readonly AbandonedWorkspace[];
      readonly open: ReadonlySet<string>;
      readonly lasting?: ReadonlyMap<string, number>;
    },
  ): Promise<void>;
  /**
   * Brings checkouts back in which an `ra` died while it moved files, and removes what dead ones left that belongs to
   * no run. `run`: one whose `ra` is dead; nothing waits for the locks on its refs any more. Gives what it did, one line each.
   */
  mend(run?: string): Promise<readonly string[]>;
  /** Ids of the runs of which a directory of workspaces stands, those at work included. */
  standingRuns(): Promise<readonly string[]>;
  /**
   * Deletes the directories and scratch files of a run that is over. A workspace that was never closed may
   * hold work that no commit has: it is moved to `leftovers` beside the workspaces.
   */
  tidy(run: string): Promise<void>;
}
