import type { ForeignClaim } from "../run/log.ts";
import type { LiveProcess } from "../run/model.ts";
import type { Assignment } from "./assignment.ts";
import type { Carried } from "./carry.ts";
import { carriedForAnother, composeContinuation } from "./continuation-prompt.ts";
import { heldBy, neighbour } from "./neighbours.ts";
import { composePrompt } from "./prompt.ts";
import type { OpenConflict } from "./resolution.ts";
import { composeResolutionPrompt } from "./resolution-prompt.ts";
import type { Roster } from "./roster.ts";
import type { Going } from "./sessions.ts";

/** What the programs of an attempt are told. */
export interface Told {
  readonly prompt: string;
  /** The same for an agent that goes on with its session; null where there is none to go on with. */
  readonly goingOn: string | null;
}

/** What an attempt is about, besides its assignment. */
export interface Matter {
  /** What it is to resolve instead of doing the task. */
  readonly conflict: OpenConflict | null;
  readonly going: Going | null;
  /** Null: nothing was left that could be in its workspace. */
  readonly carried: Carried | null;
}

/** Where it is found out who works beside an attempt. */
interface BriefingOptions {
  readonly run: string;
  readonly roster: Roster;
  readonly processes: () => Promise<readonly LiveProcess[]>;
  readonly claimsBeside: (task: string) => Promise<readonly ForeignClaim[]>;
}

/** Tells agents of their task, of what came of it before, and of whoever works beside them. */
export class Briefing {
  readonly #options: BriefingOptions;
  /** Attempts of this run under way, also those whose program has not been started yet. */
  readonly #active: ReadonlySet<Assignment>;

  constructor(options: BriefingOptions, active: ReadonlySet<Assignment>) {
    this.#options = options;
    this.#active = active;
  }

  /** What an attempt is told. A command is told itself. */
  async tell(assignment: Assignment, { conflict, going, carried }: Matter): Promise<Told> {
    const { task, before, clash } = assignment;
    if (task.work.kind === "command" && conflict === null)
      return { prompt: task.work.command, goingOn: null };
    const { run, roster, claimsBeside } = this.#options;
    // Asked for first: by then all that start together are among the active.
    const [processes, claims] = await Promise.all([
      this.#options.processes(),
      claimsBeside(task.id),
    ]);
    const beside = [...this.#active].filter((other) => other !== assignment);
    const others = [
      ...beside.map((other) => neighbour(run, other)),
      ...processes.filter((other) => other.run !== run),
    ];
    const held = heldBy(claims, others);
    const landed = roster.asked(clash?.with ?? []);
    const hasSession = going !== null && "id" in going.session;
    if (conflict !== null) {
      const prompt = composeResolutionPrompt({ task, conflict, landed, others, held });
      return { prompt, goingOn: hasSession ? prompt : null };
    }
    const clashed = clash === null ? null : { paths: clash.paths, with: landed };
    const shared = roster.shared;
    const left = carried === "kept" ? carriedForAnother : null;
    const prompt = composePrompt({ task, shared, others, held, before, clash: clashed, left });
    if (!hasSession) return { prompt, goingOn: null };
    const { reason } = going;
    const words = { task: task.id, reason, carried, clash: clashed, others, held };
    return { prompt, goingOn: composeContinuation(words) };
  }
}
