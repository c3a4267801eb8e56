import { limits } from "../limits.ts";
import type { Usage } from "../run/model.ts";
import type { Refusal } from "./failure.ts";
import { jsonLine, oneLine } from "./lines.ts";
import { type Patience, startPatience } from "./patience.ts";
import { refusedExit } from "./refusal.ts";
import type { Continuation, Exit, Job, ProgramExit } from "./runner.ts";

/** What an agent's stream told so far; its reader fills it in. */
export interface Story {
  /** The agent's own name for the conversation, by which it can be gone on with. */
  session: string | null;
  usage: Usage | null;
  /** What the agent said last, in whole. */
  lastMessage: string;
  toolCalls: number;
  /** Paths that its own tools for files changed; what a shell changed it does not tell. */
  readonly edits: Set<string>;
  /** True while the last thing the agent said of its work is that it is done. */
  isDone: boolean;
  refusal: Refusal | null;
  /** The last line of standard error that says anything. */
  lastError: string;
}

export function newStory(): Story {
  return {
    session: null,
    usage: null,
    lastMessage: "",
    toolCalls: 0,
    edits: new Set(),
    isDone: false,
    refusal: null,
    lastError: "",
  };
}

/** An agent whose standard output is a stream of JSON events, one a line. */
export interface StreamAgent {
  readonly name: string;
  /** Its program and arguments. `session`: the one to go on with; null: it begins one. */
  argv(session: string | null): readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** The command that logs in. */
  readonly login: string;
  /** How long it may wait out a refusal by itself, in milliseconds. */
  readonly patienceMs: number;
  /** Makes what reads one run of it, which may go on with a session. */
  reader(continues: Continuation | null): StreamReader;
}

/** Reads one run of such an agent. */
export interface StreamReader {
  /** Reads one event. `waiting`: the event tells nothing but that the provider refuses, in these words. */
  read(story: Story, event: Readonly<Record<string, unknown>>): Waiting;
  /** Reads one line of standard error. */
  readError?(story: Story, line: string): Waiting;
  /** Looks at the exit before anything is concluded from it. */
  settle?(story: Story, end: ProgramExit): void;
}

/** `progress`: it goes on. `nothing`: the line says nothing of that. Else the words in which it was refused. */
export type Waiting = "progress" | "nothing" | { readonly refused: string };

/**
 * Starts such an agent with the prompt on standard input and reads it to its end. One that cannot go on with the session of an
 * earlier attempt begins one, with the whole prompt.
 */
export async function driveStream(job: Job, agent: StreamAgent): Promise<Exit> {
  const { continues } = job;
  if (continues === null) return driveOnce(job, agent, null);
  const exit = await driveOnce(job, agent, continues);
  const why = whyNotContinued(exit, job.signal);
  return why === null ? exit : driveOnce(job, agent, null, why);
}

/**
 * Why an agent could not go on with a session: it ended before its model had answered, and neither provider nor core ended it.
 * Null: it did go on, or whoever ended it would do so again.
 */
export function whyNotContinued(exit: Exit, signal: AbortSignal): string | null {
  const { ok, failure, account, message, usage } = exit;
  const isItsOwn = failure === "crashed" || failure === "other";
  const isSilent = usage === null && account?.toolCalls === 0 && account.lastMessage === "";
  return !ok && isItsOwn && isSilent && !signal.aborted ? message : null;
}

async function driveOnce(
  job: Job,
  { reader, ...agent }: StreamAgent,
  continues: Continuation | null,
  anew?: string,
): Promise<Exit> {
  const story = newStory();
  const reading = { ...agent, ...reader(continues) };
  const patience = startPatience(agent.patienceMs, () => tellAnswer(job, story));
  const tell = sessionTeller(job, story, anew);
  try {
    const end = await job.start({
      argv: agent.argv(continues?.session ?? null),
      stdin: continues?.prompt ?? job.prompt,
      env: { TMPDIR: job.scratch, ...agent.env },
      lineMax: messageMax,
      onStdout(line, isWhole) {
        if (!isWhole) story.lastError = overlong;
        const event = isWhole ? jsonLine(line) : null;
        if (event !== null) note(patience, readEvent(reading, story, event));
        tell();
      },
      onStderr(line) {
        if (line.trim() !== "") story.lastError = line;
        if (reading.readError !== undefined) note(patience, reading.readError(story, line));
      },
      stop: patience.signal,
    });
    reading.settle?.(story, end);
    return { ...conclude(story, end, reading, patience.refusal()), account: accountOf(story) };
  } finally {
    patience.end();
  }
}

/** Tells core that the model has answered. What only says that the provider refuses is progress, too, but no answer. */
export function tellAnswer(job: Job, story: Story): void {
  if (story.refusal === null) job.progressed?.(story.usage ?? undefined);
}

/** The longest message of an agent that is read, in UTF-16 units, and what is said of a longer one. */
export const messageMax: number = limits.agentMessage;
export const overlong = `it printed a message longer than ${messageMax / 1024 ** 2} MiB`;

/** Tells once of the session of an attempt, when its model has answered. `anew`: as in `Job.opened`. */
export function sessionTeller(job: Job, story: Story, anew?: string): () => void {
  let isTold = false;
  return () => {
    if (isTold || story.session === null || !hasAnswered(story)) return;
    isTold = true;
    job.opened?.(story.session, anew);
  };
}

/** True when the model has said or done anything. */
function hasAnswered({ toolCalls, lastMessage, usage }: Story): boolean {
  return toolCalls > 0 || lastMessage !== "" || usage !== null;
}

/** A newer version of an agent may shape an event anew: that must not end its work, only go unread. */
function readEvent(
  agent: StreamReader,
  story: Story,
  event: Readonly<Record<string, unknown>>,
): Waiting {
  try {
    return agent.read(story, event);
  } catch {
    return "nothing";
  }
}

function note(patience: Patience, waiting: Waiting): void {
  if (waiting === "progress") patience.progressed();
  else if (waiting !== "nothing") patience.refused(waiting.refused);
}

/** What core and people may want to know of an attempt, whatever its end. */
export function accountOf(story: Story): NonNullable<Exit["account"]> {
  return {
    session: story.session,
    lastMessage: oneLine(story.lastMessage),
    toolCalls: story.toolCalls,
    edits: [...story.edits],
  };
}

function conclude(
  story: Story,
  end: ProgramExit,
  { name, login }: Pick<StreamAgent, "name" | "login">,
  waited: string | null,
): Exit {
  const { usage, refusal } = story;
  if (refusal !== null) return refusedExit(refusal, { usage, fix: login });
  // Never by the exit code alone, and never by the stream alone: either may lie.
  if (story.isDone && end.code === 0) return { ok: true, message: "", usage };
  if (waited !== null) return waitingExit(waited, { usage, fix: login });
  return brokenOff(name, story, end);
}

/** The end of an agent that was stopped because it waited in silence after it had been refused in these words. */
export function waitingExit(
  words: string,
  options: { readonly usage: Usage | null; readonly fix: string },
): Exit {
  const exit = refusedExit({ status: null, text: words }, options);
  return { ...exit, message: `waits for the provider: ${exit.message}` };
}

/** The end of an agent that did not say how its work ended. */
export function brokenOff(name: string, story: Story, end: ProgramExit): Exit {
  const how = end.signal === null ? `exit ${end.code}` : `signal ${end.signal}`;
  const said = oneLine(story.lastError);
  const message = `${name} broke off with ${how}${said === "" ? "" : `: ${said}`}`;
  // A shell between tells of a signal by a code above 128.
  const wasKilled = end.signal !== null || end.code === 137 || end.code === 143;
  const failure = wasKilled ? "killed" : "crashed";
  return { ok: false, message, usage: story.usage, crashed: true, failure };
}
