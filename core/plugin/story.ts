import type { Usage } from "../run/model.ts";
import type { Refusal } from "./failure.ts";
import { jsonLine, oneLine } from "./lines.ts";
import { type Patience, startPatience } from "./patience.ts";
import { refusedExit } from "./refusal.ts";
import type { Exit, Job, ProgramExit } from "./runner.ts";

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
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** The command that logs in. */
  readonly login: string;
  /** How long it may wait out a refusal by itself, in milliseconds. */
  readonly patienceMs: number;
  /** Reads one event. `waiting`: the event tells nothing but that the provider refuses, in these words. */
  read(story: Story, event: Readonly<Record<string, unknown>>): Waiting;
  /** Reads one line of standard error. */
  readError?(story: Story, line: string): Waiting;
  /** Looks at the exit before anything is concluded from it. */
  settle?(story: Story, end: ProgramExit): void;
}

/** `progress`: it goes on. `nothing`: the line says nothing of that. Else the words in which it was refused. */
export type Waiting = "progress" | "nothing" | { readonly refused: string };

/** Starts such an agent with the prompt on standard input and reads it to its end. */
export async function driveStream(job: Job, agent: StreamAgent): Promise<Exit> {
  const story = newStory();
  const patience = startPatience(agent.patienceMs, () => tellAnswer(job, story));
  try {
    const end = await job.start({
      argv: agent.argv,
      stdin: job.prompt,
      env: { TMPDIR: job.scratch, ...agent.env },
      onStdout(line) {
        const event = jsonLine(line);
        if (event !== null) note(patience, readEvent(agent, story, event));
      },
      onStderr(line) {
        if (line.trim() !== "") story.lastError = line;
        if (agent.readError !== undefined) note(patience, agent.readError(story, line));
      },
      stop: patience.signal,
    });
    agent.settle?.(story, end);
    return { ...conclude(story, end, agent, patience.refusal()), account: accountOf(story) };
  } finally {
    patience.end();
  }
}

/** Tells core that the model has answered. What only says that the provider refuses is progress, too, but no answer. */
export function tellAnswer(job: Job, story: Story): void {
  if (story.refusal === null) job.progressed?.(story.usage ?? undefined);
}

/** A newer version of an agent may shape an event anew: that must not end its work, only go unread. */
function readEvent(
  agent: StreamAgent,
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
  { name, login }: StreamAgent,
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
