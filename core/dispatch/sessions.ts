import type { Landing, Outcome, Usage } from "../run/model.ts";
import type { AttemptSession } from "../run/session.ts";
import type { AttemptState, RunState } from "../run/state.ts";
import type { Snapshot } from "../workspace/workspace.ts";
import type { Assignment } from "./assignment.ts";
import { clashMessage } from "./clash.ts";
import { timeoutText } from "./end-words.ts";

/** What a further attempt of a task may go on with. */
export interface Going {
  /** Number of the last attempt. */
  readonly attempt: number;
  /** Why that did not land. */
  readonly reason: string;
  /** The last commit that holds what an attempt of the task left; null when there is none. */
  readonly kept: string | null;
  /** The agent's session, or why there is none to go on with. */
  readonly session: GoingSession | { readonly anew: string };
}

/** A session that an attempt may go on with. */
export interface GoingSession {
  readonly id: string;
  /** The attempt it was last told of by. */
  readonly attempt: number;
  /** What the attempts in it used so far: some agents count on from there. */
  readonly used: Usage;
}

/** One attempt that has ended, as far as the next one may need it. */
type Past = Pick<AttemptState, "number" | "runner" | "outcome" | "usage" | "kept" | "landing"> & {
  session?: AttemptSession;
};

/** What an attempt left. */
interface Left extends Pick<Past, "usage"> {
  readonly outcome: Outcome;
  readonly snapshot: Pick<Snapshot, "unchanged" | "commit"> | null;
}

/** Ends after which a session of an earlier attempt is still the one to go on with: the agent had not got to anything. */
const idleEnds: ReadonlySet<Outcome["kind"]> = new Set([
  "rate-limited",
  "disk-full",
  "lost",
  "cancelled",
]);

/** What the tasks of a run that continue their sessions have come to, attempt by attempt. */
export class Sessions {
  readonly #pasts = new Map<string, Past[]>();

  /** `before`: what the log knows of the run already. */
  constructor(before: RunState | undefined) {
    for (const [id, { task, attempts }] of before?.tasks ?? []) {
      if (task.continueSession) this.#pasts.set(id, [...attempts]);
    }
  }

  /** The agent of an attempt under way has opened a session, or gone on with one. */
  opened(assignment: Assignment, session: AttemptSession): void {
    const past = this.#past(assignment);
    if (past !== null) past.session = session;
  }

  /** An attempt has ended. */
  ended(assignment: Assignment, { outcome, usage, snapshot }: Left): void {
    const past = this.#past(assignment);
    if (past === null) return;
    const kept = snapshot === null || snapshot.unchanged ? null : snapshot.commit;
    Object.assign(past, { outcome, usage, kept });
  }

  /** The result of an attempt was landed, or was not. */
  landed(assignment: Assignment, landing: Landing): void {
    const past = this.#past(assignment);
    if (past !== null) past.landing = landing;
  }

  /** What an attempt that is about to start may go on with; null when its task or runner begins anew each time, or for the first time. */
  next({ task, number, runner }: Assignment): Going | null {
    const pasts = (this.#pasts.get(task.id) ?? []).filter((past) => past.number < number);
    const last = pasts.at(-1);
    if (!task.continueSession || !runner.traits.continues || last === undefined) return null;
    const kept = pasts.findLast((past) => past.kept !== null)?.kept ?? null;
    const session = sessionFor(runner.name, pasts, last);
    return { attempt: last.number, reason: reasonOf(last), kept, session };
  }

  #past({ task, number, runner }: Assignment): Past | null {
    if (!task.continueSession) return null;
    const pasts = this.#pasts.get(task.id) ?? [];
    this.#pasts.set(task.id, pasts);
    const known = pasts.find((past) => past.number === number);
    if (known !== undefined) return known;
    const rest = { outcome: null, usage: null, kept: null, landing: null };
    const past: Past = { number, runner: runner.name, ...rest };
    pasts.push(past);
    return past;
  }
}

function sessionFor(runner: string, pasts: readonly Past[], last: Past): Going["session"] {
  const failure = last.outcome?.kind === "failed" ? last.outcome.class : undefined;
  if (failure === "context-overflow") return { anew: "the conversation had grown too long" };
  if (failure === "refused") return { anew: "the model had refused in it" };
  const found = pasts.findLast(
    ({ session, outcome }) => session !== undefined || !idleEnds.has(outcome?.kind ?? "lost"),
  );
  if (found?.session === undefined) return { anew: "the agent had not got as far as a session" };
  if (found.runner !== runner) return { anew: `it was \`${found.runner}\` that worked on it` };
  const { id } = found.session;
  const used = pasts.filter(({ session }) => session?.id === id).map(({ usage }) => usage);
  return { id, attempt: found.number, used: used.reduce<Usage>(added, nothing) };
}

const nothing: Usage = { inputTokens: 0, outputTokens: 0, costUsd: 0 };

function added(sum: Usage, more: Usage | null): Usage {
  return {
    inputTokens: (sum.inputTokens ?? 0) + (more?.inputTokens ?? 0),
    outputTokens: (sum.outputTokens ?? 0) + (more?.outputTokens ?? 0),
    costUsd: (sum.costUsd ?? 0) + (more?.costUsd ?? 0),
  };
}

/** Why an attempt did not land, for the agent that goes on. */
function reasonOf({ outcome, landing }: Past): string {
  switch (landing?.kind) {
    case "conflicted":
      return clashMessage(landing);
    case "unverified":
      return `verify: ${landing.message}`;
    case "rejected":
      return landing.findings.map(({ message }) => message).join("; ");
  }
  switch (outcome?.kind) {
    case "timed-out":
      return `timeout: ${timeoutText(outcome)}`;
    case "unchanged":
      return "no-change: you reported success, but changed nothing";
    case "cancelled":
      return "a person stopped it";
    case "failed":
    case "crashed":
    case "rate-limited":
    case "disk-full":
    case "auth":
      return `${outcome.kind}: ${outcome.message}`;
    default:
      return "the program that drove you was killed";
  }
}
