import type { Isolation, Task } from "../plan/plan.ts";
import type { Runner } from "../plugin/runner.ts";
import type { Clash } from "./clash.ts";
import type { FellBack } from "./doers.ts";

/** One try of a task, with everything that is decided before it starts. */
export interface Assignment {
  readonly position: number;
  readonly task: Task;
  /** From 1. */
  readonly number: number;
  readonly runner: Runner;
  readonly model: string | null;
  /** The account that answers it; null for a plain command. */
  readonly provider: string | null;
  /** Who would have done it, and why that was not to be; null: it is the first choice. */
  readonly instead: FellBack | null;
  readonly isolation: Isolation;
  /** The runner is not declared safe beside others: the run asks to continue after it. */
  readonly stepping: boolean;
  /** Why the attempt before did not land; null at the first. */
  readonly before: string | null;
  /** The last conflict of the task; null while there was none. */
  readonly clash: Clash | null;
  /** True: the agent is to resolve that conflict instead of doing the task anew. */
  readonly resolves: boolean;
}
