/** Where a task works; see the contract for what each gives. */
export type Isolation = "clone" | "worktree" | "in-place" | "none";

export type Mode = "auto" | "step-through";

export type Tier = "top" | "mid" | "free";

/** What an agent is asked, or the command line that is run by a shell. */
export type Work =
  | { readonly kind: "prompt"; readonly prompt: string }
  | { readonly kind: "command"; readonly command: string };

export interface Retries {
  /** Further attempts after the first one failed. */
  readonly max: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

/** The runner that resolves conflicts. */
export interface Resolver {
  readonly runner: string;
  /** Null: the runner's own default. */
  readonly model: string | null;
}

/** What a run or a task may use; what is absent has no limit. */
export interface Budget {
  readonly usd?: number;
  /** Tokens in and out together. */
  readonly tokens?: number;
  /** Time for which the run is driven, or for which attempts of the task run. */
  readonly timeMs?: number;
}

/** A runner that does a task in the place of another. */
export interface Fallback {
  readonly runner: string;
  /** Null: the runner's own default. */
  readonly model: string | null;
}

/** What one run of a task's `verify` may cost. */
export interface VerifyLimits {
  /** Milliseconds for one try. */
  readonly timeoutMs: number;
  /** How often it may run on the same tree before it counts as failed, at least 1. */
  readonly tries: number;
}

/** One unit of work, with every default filled in. */
export interface Task {
  readonly id: string;
  /** Place in the plan's list, from 0. */
  readonly position: number;
  readonly description: string;
  readonly work: Work;
  /** The runner's name; `shell` for commands. */
  readonly runner: string;
  readonly model: string | null;
  readonly tier: Tier | null;
  /** 1..10, null when the plan does not say. */
  readonly difficulty: number | null;
  readonly deps: readonly string[];
  /** False: nothing else of the run is running beside it. */
  readonly parallel: boolean;
  /** Null: the runner's own default. */
  readonly isolation: Isolation | null;
  /** Globs the task claims to write. Empty: it claims nothing and clashes with nobody. */
  readonly touching: readonly string[];
  /** Globs of files that git ignores and that are part of the result all the same. */
  readonly keep: readonly string[];
  readonly timeoutMs: number;
  /** After so long without a word from its programs an attempt is ended. Absent: as for its runner. */
  readonly silenceMs?: number;
  /** Shell command that must pass on the merged tree before it lands. */
  readonly verify: string | null;
  readonly verifyLimits: VerifyLimits;
  readonly retries: Retries;
  readonly scope: "warn" | "extend" | "block";
  /** `agent`: a runner gets the conflicted tree to resolve. For a command only with a `resolver`. */
  readonly onConflict: "error" | "retry" | "agent";
  /** Who resolves conflicts; null: the task's own runner and model. */
  readonly resolver: Resolver | null;
  /** Who does it while the provider of its own model refuses, or when that cannot; the first first. */
  readonly fallback?: readonly Fallback[];
  /** A refusal that does not last longer is waited out all the same, in milliseconds. Default 0. */
  readonly fallbackAfterMs?: number;
  readonly budget?: Budget;
  readonly allowNoChange: boolean;
  /** A further attempt goes on with the agent's session of the one before, and with its files. Absent: each begins anew. */
  readonly continueSession?: true;
  readonly env: Readonly<Record<string, string>>;
  /** True when a dispatch file says that the task was done before; it is not run again. */
  readonly done: boolean;
}

/** A valid plan: ids are unique, every dependency exists, there is no cycle. */
export interface Plan {
  readonly name: string;
  readonly mode: Mode;
  /** Null: the plan does not say; config or the default of 3 decides. */
  readonly concurrency: number | null;
  /** A revision; the run starts from its commit. */
  readonly base: string;
  /** Null: the branch that is checked out. */
  readonly target: string | null;
  /** Runner to tier to model. */
  readonly models: Readonly<Record<string, Readonly<Partial<Record<Tier, string>>>>>;
  /** Globs that never count as a clash. */
  readonly shared: readonly string[];
  readonly budget?: Budget;
  readonly tasks: readonly Task[];
  /** `dispatch`: a dispatch file of Remote Antigravity. */
  readonly format: "plan" | "dispatch";
}

/** One thing that is wrong with a file, with the place a person has to look at. */
export interface Issue {
  /** Stable and upper case, such as `PLAN_UNKNOWN_TASK`. */
  readonly code: string;
  readonly message: string;
  /** 1-based; column counts UTF-16 units from 1. */
  readonly line: number;
  readonly column: number;
  /** Units to underline, at least 1. */
  readonly length: number;
  readonly hint?: string;
}
