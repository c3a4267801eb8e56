import { ExitCode, RaError } from "../core/error.ts";
import { oneLine } from "../core/plain-text.ts";
import type { EventOf } from "../core/run/task.ts";
import { answerFact, askedIn } from "./answering.ts";
import type { Terminal } from "./command.ts";
import { answerPause, type Follower, type Session } from "./followers.ts";
import { optionLines } from "./view/questions.ts";

const actions: Readonly<Record<string, "continue" | "stop">> = {
  c: "continue",
  continue: "continue",
  y: "continue",
  yes: "continue",
  s: "stop",
  stop: "stop",
  n: "stop",
  no: "stop",
};

/** Asks the person at the terminal whenever the run waits between tasks, and what its agents ask. */
export function answerFromTerminal(terminal: Terminal): Follower {
  return (session) => {
    const line = new PromptLine();
    const unsubscribe = session.registry.subscribe((event) => {
      if (event.run !== session.run) return;
      if (event.type === "run.paused") {
        line.open("pause", (signal) => askPause(terminal, session, signal));
        return;
      }
      line.close("pause");
      if (event.type === "question.asked")
        line.open(event.gate, (signal) => askQuestion(terminal, session, event, signal));
      else if (event.type === "question.answered" || event.type === "question.withdrawn")
        line.close(event.gate);
    });
    return () => {
      line.end();
      unsubscribe();
    };
  };
}

/** Returns when it was answered, here or elsewhere, or the terminal has gone. */
type Prompt = (signal: AbortSignal) => Promise<void>;

/** A person can answer one thing at a time: the oldest first. */
class PromptLine {
  readonly #waiting = new Map<string, Prompt>();
  #current: { readonly key: string; readonly abort: AbortController } | null = null;

  open(key: string, prompt: Prompt): void {
    this.#waiting.set(key, prompt);
    // What is taken back with the same breath is never shown.
    queueMicrotask(() => void this.#next());
  }

  /** Answered elsewhere, or taken back. */
  close(key: string): void {
    this.#waiting.delete(key);
    if (this.#current?.key === key) this.#current.abort.abort();
  }

  end(): void {
    this.#waiting.clear();
    this.#current?.abort.abort();
  }

  async #next(): Promise<void> {
    const [first] = this.#waiting;
    if (this.#current !== null || first === undefined) return;
    const [key, prompt] = first;
    this.#waiting.delete(key);
    const abort = new AbortController();
    this.#current = { key, abort };
    await prompt(abort.signal);
    this.#current = null;
    await this.#next();
  }
}

async function askPause(terminal: Terminal, session: Session, signal: AbortSignal): Promise<void> {
  for (;;) {
    const line = await terminal.ask("continue? [c]ontinue [s]top ", signal);
    // Answered elsewhere, or the terminal has gone: then the other ways to answer remain.
    if (line === null) return;
    const action = actions[line.trim().toLowerCase()];
    if (action) return answerPause(session, action, "terminal");
  }
}

async function askQuestion(
  terminal: Terminal,
  session: Session,
  { task, gate, text, options }: EventOf<"question.asked">,
  signal: AbortSignal,
): Promise<void> {
  const offered = optionLines(options).map((line) => `${line}\n`);
  terminal.err(`${task} asks: ${oneLine(text)}\n${offered.join("")}`);
  const range = options.length === 0 ? "" : ` [1-${options.length}]`;
  for (;;) {
    const line = await terminal.ask(`answer to ${task}${range} `, signal);
    if (line === null) return;
    if (line.trim() === "") continue;
    const trouble = await answer(session, { task, gate }, line);
    if (trouble === null) return;
    terminal.err(`${trouble}\n`);
    // Whoever was faster is told by the line of the event.
    if (signal.aborted) return;
  }
}

/** Null, or what is wrong with the answer. */
async function answer(
  { run, registry, interrupt }: Session,
  { task, gate }: { readonly task: string; readonly gate: string },
  text: string,
): Promise<string | null> {
  try {
    await registry.commit(run, ({ state }) => {
      const asked = state && askedIn(state, task).find(({ question }) => question.gate === gate);
      if (!state || !asked) return [];
      return [answerFact(state, asked, { text }, "terminal")];
    });
    return null;
  } catch (error) {
    if (error instanceof RaError && error.exitCode === ExitCode.usage) {
      return error.hint === undefined ? error.message : `${error.message}; ${error.hint}`;
    }
    // A run that cannot record an answer would wait for ever: at its end it meets the same trouble, and tells it.
    interrupt();
    return null;
  }
}
