import { limits } from "../limits.ts";
import { oneLine } from "../plain-text.ts";
import type { Exit, Question } from "../plugin/runner.ts";
import type { TimeLimit } from "./time-limit.ts";

/** Puts a question of an agent to a person; gives the id of an option, or a text where there are none, null when nobody answers. */
export type Ask = (question: Question, signal: AbortSignal) => Promise<string | null>;

/** The questions of one attempt. Its time stands still while one of them waits. */
export class Asking {
  readonly #ask: Ask | undefined;
  readonly #limit: TimeLimit;
  readonly #notes: string[];
  /** Most attempts ask nothing: it is made for the first question. */
  #over: AbortController | null = null;
  #isOver = false;
  #asked = 0;

  /** `ask`: undefined where nobody can be asked. `notes` is told what was not answered. */
  constructor(ask: Ask | undefined, limit: TimeLimit, notes: string[]) {
    this.#ask = ask;
    this.#limit = limit;
    this.#notes = notes;
  }

  async put(question: Question): Promise<string | null> {
    this.#asked += 1;
    if (this.#asked > limits.questions || this.#isOver) {
      if (this.#asked === limits.questions + 1) {
        this.#notes.push(`it asked more than ${limits.questions} times: the rest was refused`);
      }
      return null;
    }
    this.#limit.hold();
    this.#over ??= new AbortController();
    try {
      return await answerTo(question, this.#ask, this.#over.signal, this.#notes);
    } finally {
      this.#limit.release();
    }
  }

  /** Takes back what is open: nobody hears an answer any more. */
  end(): void {
    this.#isOver = true;
    this.#over?.abort();
  }
}

/** Asks, if anybody is there to be asked, and notes what was not answered. An id that no option has is no answer. */
export async function answerTo(
  question: Question,
  ask: Ask | undefined,
  signal: AbortSignal,
  notes: string[],
): Promise<string | null> {
  const answer = (await ask?.(question, signal)) ?? null;
  const { options } = question;
  const isKnown = options.length === 0 || options.some(({ id }) => id === answer);
  if (answer !== null && isKnown) return answer;
  const why = signal.aborted ? "not answered before it ended" : "refused, as nobody answered";
  notes.push(`it asked \`${oneLine(question.text)}\`: ${why}`);
  return null;
}

/** What an agent that changed nothing gave as its reason, as a note; none when it said nothing. */
export function lastWordsOf(exit: Exit | null): readonly string[] {
  const said = exit?.account?.lastMessage ?? "";
  return said === "" ? [] : [`the agent said last: ${said}`];
}
