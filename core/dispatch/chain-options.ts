import type { Task } from "../plan/plan.ts";
import type { Repository } from "../workspace/workspace.ts";
import type { Verify } from "./trial.ts";

/** What a chain grows on, and how its trees are checked. */
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
  /** Puts a commit that cannot land where a person finds it, and gives the name of the branch. */
  readonly keep: (commit: string) => Promise<string>;
}
