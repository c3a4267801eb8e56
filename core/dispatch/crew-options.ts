import type { AttemptName } from "../id.ts";
import type { Recording } from "../process/log.ts";
import type { Machine } from "../process/machine.ts";
import type { Fact } from "../run/event.ts";
import type { ForeignClaim } from "../run/log.ts";
import type { LiveProcess } from "../run/model.ts";
import type { Repository } from "../workspace/workspace.ts";
import type { Assignment } from "./assignment.ts";
import type { Chain } from "./chain.ts";
import type { ExtensionRequest, TakenPath } from "./claim-extension.ts";
import type { QuestionDesk } from "./question-desk.ts";
import type { Roster } from "./roster.ts";

/** What the hands of the dispatcher work with. */
export interface CrewOptions {
  readonly run: string;
  /** Where its programs run; this machine by default. */
  readonly machine?: Machine;
  readonly roster: Roster;
  /** Both null outside git, or when no task needs it. */
  readonly repository: Repository | null;
  readonly chain: Chain | null;
  /** Aborted when the checks that run are to end. */
  readonly checks: AbortController;
  /** Where tasks with isolation `none` work. */
  readonly directory: string;
  /** `<state>/runs`: logs stand at `<run>/<task>/<attempt>.log` below. */
  readonly logs: string;
  readonly recording: Recording;
  /** The environment for a task's programs. */
  readonly environment: (assignment: Assignment) => Readonly<Record<string, string>>;
  /** Every live process of the registry. */
  readonly processes: () => Promise<readonly LiveProcess[]>;
  /** Runs with an attempt in a directory that has not been landed or given up, or that began before `than`. */
  readonly occupants: (directory: string, than: AttemptName | null) => Promise<readonly string[]>;
  /** Claims others than a task hold right now, as its prompt tells them. */
  readonly claimsBeside: (task: string) => Promise<readonly ForeignClaim[]>;
  /** Claims paths for a task; gives those that others claim, and claims nothing then. */
  readonly extendClaim: (request: ExtensionRequest) => Promise<readonly TakenPath[]>;
  /** Puts the question of an attempt to a person; nobody can be asked where it is absent. */
  readonly ask?: QuestionDesk["ask"];
  /** Records a fact a little later and asks for it then. */
  readonly record: (fact: () => Fact) => void;
}
