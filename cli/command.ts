import type { ExitCode } from "../core/error.ts";

/** The world a command sees. Tests give their own. */
export interface Terminal {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Data: standard output. The text carries its own line ends. */
  out(text: string): void;
  /** Everything else: standard error. */
  err(text: string): void;
  /** True when a person can answer: standard input and error are terminals, and neither `CI` nor `--json` says no. */
  readonly interactive: boolean;
  /** Colour on standard error. */
  readonly color: boolean;
  /** Columns of the terminal, 80 where there is none. */
  readonly columns: number;
  /** Asks the person at the terminal for a line. Null when the signal aborts or the terminal has gone. */
  ask(question: string, signal: AbortSignal): Promise<string | null>;
  /** Data that need not be text, to standard output as it is. */
  bytes?(data: Uint8Array): void;
  /** True when standard output goes to a terminal, which obeys what it is sent. */
  readonly outputIsTerminal?: boolean;
  /** True when standard output is a screen that may be drawn anew. */
  readonly redraws?: boolean;
  /** Aborts when the reader of standard output has gone; what follows a run for ever ends then. */
  readonly outputClosed?: AbortSignal;
}

export type Options = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export interface Invocation {
  readonly terminal: Terminal;
  readonly args: readonly string[];
  readonly options: Options;
}

/** A command's body, in a file of its own that is loaded only when the command is called. */
export type CommandBody = (invocation: Invocation) => Promise<ExitCode>;

/** What `--help` and the argument layer need to know of a command without loading it. */
export interface CommandSpec {
  readonly name: string;
  /** As cac writes them: `<plan>`, `[run]`, `[...rest]`; empty for none. */
  readonly args: string;
  readonly summary: string;
  /** `-c, --count <N>`; `<a|b>` is a closed set, `<x,..>` a list that may be repeated. */
  readonly options: readonly { readonly flags: string; readonly about: string }[];
  /** Whole command lines, each one that works. */
  readonly examples: readonly string[];
  /** True when tasks run in it, so that every exit code of the contract may come. */
  readonly runsTasks?: true;
  /** Further exit codes of the contract that it may end with. */
  readonly exits?: readonly string[];
  load(): Promise<{ readonly run: CommandBody }>;
}
