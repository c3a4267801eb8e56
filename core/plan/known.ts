/** Values that stand in for what a plan leaves out. */
export interface Settings {
  readonly runner?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

/** What a plan is read against. */
export interface Known {
  /** Names of the runners there are, `shell` among them. */
  readonly runners: readonly string[];
  /** Wins over the plan's `defaults`, but not over a task's own key: flags and `RA_*`. */
  readonly override?: Settings;
  /** Used where the plan's `defaults` say nothing: config files. */
  readonly fallback?: Settings;
}

/** The runner of a prompt when nobody names another. */
export const promptRunner = "kilo";
/** The runner of every `run` task. */
export const commandRunner = "shell";
/** Time for one attempt when nobody says otherwise, milliseconds. */
export const timeoutDefaultMs = 5 * 60 * 1000;
