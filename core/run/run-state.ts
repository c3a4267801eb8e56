import type { RunOwner } from "../id.ts";

import type { Budget, Plan } from "../plan/plan.ts";
import type { ProviderRecord } from "./cooldown.ts";
import type { BudgetMark, Published } from "./event.ts";
import type { Hold, LimitName, RunStatus } from "./model.ts";

import type { TaskState } from "./task.ts";

/** What a person asked of a run. `task` is null for the whole run. */
export interface Request {
  readonly seq: number;
  readonly action: "continue" | "stop";
  readonly task: string | null;
  readonly by: string;
}

/**
 * A run, folded from its events. Only `applyEvent` writes to it: with 10,000 tasks, copying on every event
 * would be quadratic. Everybody else reads.
 */
export interface RunState {
  readonly id: string;
  readonly plan: Plan;
  readonly planPath: string | null;
  readonly name: string;
  readonly mode: "auto" | "step-through";
  readonly concurrency: number;
  readonly target: string | null;
  readonly base: string | null;
  readonly requestId: string | null;
  readonly startedAt: string;
  owner: RunOwner;
  /** Everybody who has driven it, oldest first. */
  readonly owners: RunOwner[];
  /** Counts the owners. Only the newest may add facts of its own. */
  epoch: number;
  /** When the owner took the run. */
  ownedSince: string;
  /** `rolled-back`: the commits of all its tasks were taken back after its end. */
  status: "running" | "paused" | RunStatus | "rolled-back";
  stopRequested: boolean;
  /** Requests not yet obeyed, oldest first. */
  requests: Request[];
  readonly tasks: Map<string, TaskState>;
  /** What the run knows of providers that refused an attempt, by name. */
  readonly providers: Map<string, ProviderRecord>;
  /** What it may use; a resume may raise it. */
  budget: Budget;
  /** The limit of its budget that it has come to; null: none, or it was resumed since. */
  overBudget: BudgetMark | null;
  /** How long it was driven before its present owner took it, in milliseconds. */
  drivenMs: number;
  finishedAt: string | null;
  exitCode: number | null;
  published: Published | null;
  /** The command that works on the run while nobody drives it; null: none. */
  hold: Hold | null;
  /** When its logs last went to make room for those of others; null: never. */
  logsRemovedAt: string | null;
  /** The branch that held what could not land, once a person has discarded it. */
  discardedBranch?: string;
  /** How many of these it has. */
  readonly counts: Record<LimitName, number>;
  /** What it had too many of when it ended; null: it did not end so. */
  limitReached: LimitName | null;
  /** When each check passed on a tree, by `TREE CHECK`. */
  readonly passed: Map<string, string>;
  lastSeq: number;
  /** When the last fact of its owner was recorded. */
  lastAt: string;
}
