import type { Isolation } from "../plan/plan.ts";
import type { Usage } from "../run/model.ts";
import type { Option } from "../run/question.ts";
import type { FailureKind } from "./failure.ts";
import type { Scope } from "./scope.ts";

export type { Option } from "../run/question.ts";

/** Whether an agent can be used, found out before the run starts. */
export type Probe =
  | { readonly ok: true; readonly version: string | null }
  | { readonly ok: false; readonly message: string; readonly fix: string };

/** How a program that a runner started came to its end. */
export interface ProgramExit {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
}

export interface ProgramRequest {
  readonly argv: readonly [string, ...string[]];
  /** Written to standard input, which is closed at its end. Without it standard input is empty. */
  readonly stdin?: string | ReadableStream<Uint8Array>;
  /** On top of the environment core gives every program of this runner. */
  readonly env?: Readonly<Record<string, string>>;
  /** Each line without its end. `isWhole` false: a piece of a line that is longer than `lineMax`. */
  readonly onStdout?: (line: string, isWhole: boolean) => void;
  readonly onStderr?: (line: string, isWhole: boolean) => void;
  /** The longest line that comes in one piece, in UTF-16 units. Default 1 MiB. */
  readonly lineMax?: number;
  /** The runner's own wish to end the program: on abort core ends its whole tree, and `start` returns as usual. */
  readonly stop?: AbortSignal;
}

/** One attempt, as a runner sees it. */
export interface Job {
  readonly taskId: string;
  /** What the agent is told; for a command, the command line. */
  readonly prompt: string;
  readonly model: string | null;
  /** Working directory. */
  readonly cwd: string;
  /** A directory of the attempt's own, outside the workspace, deleted afterwards. */
  readonly scratch: string;
  /** To be kept to by the agent's own means, as far as it has any; null where the plan forbids nothing. */
  readonly scope: Scope | null;
  /** Where the agent keeps what it needs to go on with its session: the same for all attempts of a task that may. */
  readonly state: string;
  /** The session of an earlier attempt, to be gone on with where that is possible; null: the agent begins one. */
  readonly continues: Continuation | null;
  /**
   * To be called once, when the model has answered in a session that the agent has named. `anew`: why it is not the one of
   * `continues`, where there was one.
   */
  opened?(session: string, anew?: string): void;
  /** Aborted at timeout or cancel. Core ends the program's whole tree itself. */
  readonly signal: AbortSignal;
  /** To be called whenever the model has answered, with what the attempt has used so far as far as that is known. */
  progressed?(usage?: Usage): void;
  /** Starts a program in a process group of its own, with output logged. Throws `ENOENT` when it does not exist. */
  start(program: ProgramRequest): Promise<ProgramExit>;
  /**
   * Asks a person, and gives the id of the option that was taken, or the text where there are no options; null when
   * nobody answers, which is a refusal. The attempt goes on meanwhile, but its timeout stands still.
   */
  ask(question: Question): Promise<string | null>;
}

/** A session that an earlier attempt left. */
export interface Continuation {
  readonly session: string;
  /** What the agent is told in it, in place of the prompt of the job. */
  readonly prompt: string;
  /** What was used in it so far: some agents count on from there. */
  readonly used: Usage;
}

/** What an agent wants to know or to be allowed. */
export interface Question {
  /** One line. */
  readonly text: string;
  /** Empty: any text answers it. */
  readonly options: readonly Option[];
}

/** What the agent's own words say about the end of an attempt. Whether files changed is core's to find out. */
export interface Exit {
  readonly ok: boolean;
  /** Why not, in one line; empty when ok. */
  readonly message: string;
  readonly usage: Usage | null;
  /** Set when the provider refused for now: the attempt is not counted. `untilMs`: epoch, null when unknown. */
  readonly limit?: { readonly untilMs: number | null };
  /** Set when the login is missing or has run out. */
  readonly auth?: { readonly fix: string };
  /** True when the agent broke off without saying how its work ended. */
  readonly crashed?: boolean;
  /** The class of the failure; absent when ok. */
  readonly failure?: FailureKind;
  /** What its stream told; absent where there is none to read. */
  readonly account?: Account;
}

/** What an agent told of its work. */
export interface Account {
  /** Its own name for the conversation, by which it can be gone on with; null when it names none. */
  readonly session: string | null;
  /** What it said last, on one line, cut; empty when it said nothing. */
  readonly lastMessage: string;
  readonly toolCalls: number;
  /** Paths its own tools for files changed, as it gave them. Which files did change is core's to find out. */
  readonly edits: readonly string[];
}

export interface RunnerTraits {
  /** Safe beside others. False: in place, alone, and asking to continue after each task. */
  readonly parallel: boolean;
  readonly isolation: Isolation;
  /** How long it may say nothing, in milliseconds, as the user's config says; absent: as any agent, or any command. */
  readonly silenceMs?: number;
  /** Names of environment variables the agent needs, `*` allowed at either end; everything else but the basics is withheld. `["*"]`: all but what `ra` always withholds. */
  readonly environment: readonly string[];
  /** True: it can go on with the session of an earlier attempt, or asks its agent whether that can. */
  readonly continues?: true;
  /** In the place of `environment` for an attempt whose model is named: what that model needs. The same list for equal needs. */
  readonly environmentFor?: (model: string) => readonly string[];
}

/** Drives one kind of agent and reads its stream. Commits, timeouts, retries and parking are core's. */
export interface Runner {
  readonly name: string;
  readonly traits: RunnerTraits;
  probe(signal: AbortSignal): Promise<Probe>;
  /** Whether a login or a key is set up, as the agent says without asking its provider; absent where it cannot say. */
  loggedIn?(signal: AbortSignal): Promise<boolean>;
  run(job: Job): Promise<Exit>;
}

/** What the host gives a runner's factory: the user's settings for it and a way to run a short program. */
export interface RunnerHost {
  /** argv prefix that replaces the runner's own program name, from the user's config. */
  readonly command: readonly [string, ...string[]] | null;
  /** Runs a short program and gives its standard output; null when it does not exist or fails. */
  query(argv: readonly [string, ...string[]], signal: AbortSignal): Promise<string | null>;
}

/** A runner plugin is a file whose default export is this. */
export type RunnerFactory = (host: RunnerHost) => Runner;
