import type { ProcessIdentity, RunOwner } from "../id.ts";
import type { Measure } from "../plan/budget.ts";
import type { Budget, Isolation, Mode, Plan } from "../plan/plan.ts";
import type { DiscardedTask, LandedTask, RevertedTask } from "./afterwards.ts";
import type {
  EndStatus,
  Finding,
  Hold,
  Landing,
  LimitName,
  Outcome,
  Resolves,
  RunStatus,
  TaskError,
  Usage,
} from "./model.ts";
import type { QuestionFact } from "./question.ts";
import type { SessionFact } from "./session.ts";

export type { DiscardedTask, LandedTask, RevertedTask } from "./afterwards.ts";

/** Why a ready task does not run yet. */
export type WaitReason =
  | { readonly kind: "claim"; readonly glob: string; readonly by: string; readonly theirs: string }
  | { readonly kind: "runner-cap"; readonly runner: string }
  /** The provider rests. `until`: ISO 8601, as it was known then; when it has passed, one attempt asks first. */
  | { readonly kind: "cooldown"; readonly provider: string; readonly until: string }
  | { readonly kind: "alone" }
  | {
      /** Too little room on the disk that holds this. */
      readonly kind: "disk";
      readonly holds: string;
      readonly path: string;
      /** Bytes that are free, and from how many on the task starts. */
      readonly free: number;
      readonly least: number;
    };

/** One task in the last line of a run. */
export interface TaskSummary {
  readonly id: string;
  readonly status: EndStatus;
  readonly commit: string | null;
  readonly attempts: number;
  readonly error: TaskError | null;
  /** For `skipped`: the task that caused it. */
  readonly because?: string;
}

/** What became of the target branch at the end of a run. */
export interface Published {
  readonly target: string;
  readonly from: string;
  readonly to: string;
  /** Set when the work could not land: the branch that holds it, and why. */
  readonly keptOn: string | null;
  readonly reason: string | null;
}

/** What follows from the refusal of a provider. */
export interface CooldownFact {
  readonly provider: string;
  /** ISO 8601. */
  readonly until: string;
  /** How often in a row it has refused, this time included. */
  readonly times: number;
}

/** How far a budget is used up. */
export interface BudgetMark {
  /** Absent: the budget of the run. */
  readonly task?: string;
  readonly measure: Measure;
  /** In dollars, tokens or milliseconds; what is not known does not count. */
  readonly used: number;
  readonly limit: number;
  /** Attempts that did not tell what they used, of so many; absent when all did. */
  readonly unknown?: { readonly attempts: number; readonly of: number };
}

/** A fact without its place in the log. Past tense, closed union; the contract documents each. */
export type Fact =
  | QuestionFact
  | SessionFact
  | {
      readonly type: "run.started";
      readonly name: string;
      readonly planPath: string | null;
      readonly plan: Plan;
      readonly mode: Mode;
      readonly concurrency: number;
      readonly target: string | null;
      readonly base: string | null;
      readonly owner: RunOwner;
      /** Counts the owners of the run, from 1; only the newest may add to the log. Absent in old logs. */
      readonly epoch?: number;
      readonly requestId: string | null;
    }
  | {
      readonly type: "run.resumed";
      readonly owner: RunOwner;
      readonly epoch?: number;
      /** Limits that count from now on in place of those there were, of the run and of single tasks. */
      readonly budget?: Budget;
      readonly budgets?: Readonly<Record<string, Budget>>;
      /** Tasks that had failed or been stopped and are tried anew. */
      readonly retries?: readonly string[];
    }
  | ({ readonly type: "budget.neared" } & BudgetMark)
  | ({ readonly type: "budget.reached" } & BudgetMark)
  | { readonly type: "run.paused"; readonly done: readonly string[] }
  | { readonly type: "run.continued"; readonly by: string }
  | {
      readonly type: "request.received";
      readonly action: "continue" | "stop";
      readonly task?: string;
      readonly by: string;
    }
  | { readonly type: "task.waiting"; readonly task: string; readonly reason: WaitReason }
  | {
      readonly type: "attempt.started";
      readonly task: string;
      readonly attempt: number;
      readonly runner: string;
      readonly model: string | null;
      readonly isolation: Isolation;
      readonly touching: readonly string[];
      readonly resolves?: Resolves;
      /** The account that answers it; absent for a plain command. */
      readonly provider?: string;
      /** Who would have done it, and why another does. */
      readonly instead?: {
        readonly runner: string;
        readonly model: string | null;
        readonly reason: string;
      };
      /** It finds out whether a provider that refused answers again. */
      readonly probes?: true;
    }
  | {
      readonly type: "process.spawned";
      readonly task: string;
      readonly attempt: number;
      readonly process: ProcessIdentity;
      readonly workspace: string | null;
      /** The commit the attempt works on; null without git. */
      readonly base: string | null;
    }
  | {
      readonly type: "conflict.foreseen";
      readonly task: string;
      /** Another task at work; null: what has landed. */
      readonly with: string | null;
      readonly paths: readonly string[];
    }
  | {
      readonly type: "attempt.finished";
      readonly task: string;
      readonly attempt: number;
      readonly outcome: Outcome;
      readonly durationMs: number;
      readonly usage: Usage | null;
      /** Commit that pins what the attempt left, also when it failed; null without git or change. */
      readonly kept: string | null;
      /** What git cannot hold, processes that would not end, and the like. */
      readonly notes: readonly string[];
      /** What a person should look at in what was left, whatever the outcome; absent when there is nothing. */
      readonly findings?: readonly Finding[];
      /** The provider refused: nothing of any run starts on it until then. */
      readonly cooldown?: CooldownFact;
    }
  | {
      /** A provider that had refused has answered this attempt. */
      readonly type: "cooldown.ended";
      readonly task: string;
      readonly attempt: number;
      readonly provider: string;
    }
  | {
      /** Paths outside its `touching` that a task changed and now claims, as globs. */
      readonly type: "claim.extended";
      readonly task: string;
      readonly attempt: number;
      readonly paths: readonly string[];
    }
  | {
      readonly type: "task.parked";
      readonly task: string;
      readonly until: string;
      readonly message: string;
      /** The provider that refused; absent when it waits for something else. */
      readonly provider?: string;
    }
  | {
      readonly type: "merge.finished";
      readonly task: string;
      readonly attempt: number;
      readonly landing: Landing;
      readonly warnings: readonly string[];
    }
  | {
      readonly type: "task.finished";
      readonly task: string;
      readonly status: EndStatus;
      readonly error: TaskError | null;
      readonly commit: string | null;
      readonly because?: string;
    }
  | { readonly type: "claims.yielded" }
  | {
      /** A check passed on a tree; `check` stands for its command, its limits and the variables its task sets. */
      readonly type: "check.passed";
      readonly tree: string;
      readonly check: string;
    }
  | {
      /** A run nears, or has reached, what it may have of something; at `limit.reached` nothing more starts. */
      readonly type: "limit.neared" | "limit.reached";
      readonly limit: LimitName;
      readonly count: number;
      readonly max: number;
    }
  | {
      readonly type: "run.finished";
      readonly status: RunStatus;
      readonly exitCode: number;
      readonly published: Published | null;
      readonly tasks: readonly TaskSummary[];
    }
  | {
      readonly type: "run.landed";
      readonly target: string;
      readonly from: string;
      readonly to: string;
      readonly tasks: readonly LandedTask[];
      /** False: the person had the checks left out. */
      readonly verified: boolean;
      /** True when nothing of the run waits on its branch any more. */
      readonly complete: boolean;
      /** What the run came to, now that this has landed. */
      readonly status: RunStatus;
      readonly exitCode: number;
    }
  | {
      readonly type: "run.reverted";
      readonly target: string;
      readonly from: string;
      readonly to: string;
      /** In the order in which they were taken back. */
      readonly tasks: readonly RevertedTask[];
      readonly verified: boolean;
    }
  | {
      /** A command works on a run that nobody drives; until it lets go or dies, nobody else may. */
      readonly type: "run.held";
      readonly owner: RunOwner;
      readonly epoch: number;
      readonly by: Hold["by"];
    }
  | { readonly type: "run.released" }
  | {
      /** The logs of a run that has ended went, as all logs together took up more than they may. */
      readonly type: "logs.removed";
      readonly bytes: number;
      /** What all logs may take up, in bytes. */
      readonly totalMax: number;
    }
  | {
      readonly type: "run.cleaned";
      readonly tasks: readonly DiscardedTask[];
      /** The branch below `ra/` that was discarded as well; null: none. */
      readonly branch: string | null;
    };

/** A recorded fact: one JSON object a line wherever events leave `ra`. */
export type Event = Fact & {
  readonly v: 1;
  /** From 1, without gaps within a registry. */
  readonly seq: number;
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string;
  readonly run: string;
};
