import type { ProcessIdentity } from "../id.ts";
import type { Isolation, Task } from "../plan/plan.ts";
import type { Runner } from "../plugin/runner.ts";
import type { Scope } from "../plugin/scope.ts";
import type { Recording } from "../process/log.ts";
import type { Machine } from "../process/machine.ts";
import type { Usage } from "../run/model.ts";
import type { AttemptSession } from "../run/session.ts";
import type { Repository, Workspace } from "../workspace/workspace.ts";
import type { GoingOn } from "./going-on.ts";
import type { Ask } from "./question.ts";

/** One try of one task. */
export interface AttemptRequest {
  readonly run: string;
  readonly task: Task;
  readonly number: number;
  readonly runner: Runner;
  readonly model: string | null;
  readonly isolation: Isolation;
  /** Commit to start from; null for isolation `none`. */
  readonly base: string | null;
  /** The commit the result is measured from, where `base` also holds what an earlier attempt left. */
  readonly onto?: string | null;
  readonly prompt: string;
  /** What the agent may go on with, or why it begins anew. */
  readonly going?: GoingOn | null;
  /** Where the agent may keep what its session needs until the task is over; null: in the directory of the attempt. */
  readonly stateDir?: string | null;
  readonly scope: Scope | null;
  readonly logPath: string;
  readonly recording: Recording;
  readonly environment: Readonly<Record<string, string>>;
}

export interface AttemptSurroundings {
  readonly machine: Machine;
  /** Null outside git, where every task has isolation `none`. */
  readonly repository: Repository | null;
  /** Where tasks without a workspace work. */
  readonly directory: string;
  /**
   * Called once, when the first program runs. Its identity is better asked for later: to read it while it is loaded costs much.
   */
  readonly onSpawn: (process: () => ProcessIdentity, workspace: Workspace | null) => void;
  readonly onAnswer?: (usage: Usage | null) => void;
  readonly onSession?: (session: AttemptSession) => void;
  readonly onQuestion?: Ask;
}

/** Where stands what an agent was told: beside the log of its attempt. */
export function promptPath(logPath: string): string {
  return logPath.replace(/\.log$/, ".prompt.log");
}
