/** One way to answer a question. */
export interface Option {
  /** By this it is taken: one word. */
  readonly id: string;
  readonly label: string;
  /** What taking it means: `answer` allows nothing and forbids nothing. */
  readonly effect: "allow" | "refuse" | "answer";
  /** It decides such questions from now on, too, and not this one alone. */
  readonly lasts?: true;
}

/** Why a question was taken back: nobody answered in time, its attempt ended, or its `ra` died. */
export type Withdrawal = "unanswered" | "ended" | "lost";

/** What became of a question. `answer`: the id of an option, or a text where there were none. */
export type QuestionEnd =
  | {
      readonly kind: "answered";
      readonly answer: string;
      readonly by: string;
      readonly at: string;
    }
  | { readonly kind: "withdrawn"; readonly reason: Withdrawal; readonly at: string };

/** What an agent asked a person. Wherever it is shown, it is this one: the first answer closes it everywhere. */
export interface QuestionState {
  /** Its id: eight characters. */
  readonly gate: string;
  /** The agent's words: data, on one line, cut, without secrets. */
  readonly text: string;
  /** Empty: any text answers it. */
  readonly options: readonly Option[];
  readonly askedAt: string;
  /** When it is taken back; ISO 8601. */
  readonly until: string;
  /** Null while it is open. */
  end: QuestionEnd | null;
}

interface OfGate {
  readonly task: string;
  readonly attempt: number;
  readonly gate: string;
}

/** The facts of questions. */
export type QuestionFact =
  | ({
      /** An agent asks a person; its attempt waits. */
      readonly type: "question.asked";
      readonly text: string;
      readonly options: readonly Option[];
      readonly until: string;
    } & OfGate)
  | ({
      readonly type: "question.answered";
      readonly answer: string;
      readonly by: string;
    } & OfGate)
  | ({ readonly type: "question.withdrawn"; readonly reason: Withdrawal } & OfGate);

/** What the fold changes of an attempt. */
interface Asker {
  readonly questions: QuestionState[];
}

/** Folds a fact of an open attempt. Gives what is wrong with the order; null when nothing is. */
export function applyQuestion(
  { questions }: Asker,
  event: QuestionFact & { readonly at: string },
): string | null {
  const known = questions.find(({ gate }) => gate === event.gate);
  if (event.type === "question.asked") {
    if (known !== undefined) return "the question was asked before";
    const { gate, text, options, until, at } = event;
    questions.push({ gate, text, options, askedAt: at, until, end: null });
    return null;
  }
  if (known === undefined) return "there is no such question";
  if (known.end !== null) return "the question is closed";
  const { at } = event;
  known.end =
    event.type === "question.answered"
      ? { kind: "answered", answer: event.answer, by: event.by, at }
      : { kind: "withdrawn", reason: event.reason, at };
  return null;
}

/** Those of an attempt that wait for an answer, oldest first. */
export function openQuestions(attempt: Asker | undefined): QuestionState[] {
  return attempt?.questions.filter(({ end }) => end === null) ?? [];
}

/** Takes back what dead attempts of a run still ask. For the transaction in which another `ra` finds them dead. */
export function lostQuestions(
  tasks: Iterable<
    readonly [id: string, { readonly attempts: readonly (Asker & { number: number })[] }]
  >,
): QuestionFact[] {
  return [...tasks].flatMap(([task, { attempts }]) => {
    const attempt = attempts.at(-1);
    return openQuestions(attempt).map(({ gate }): QuestionFact => {
      return {
        type: "question.withdrawn",
        task,
        attempt: attempt?.number ?? 0,
        gate,
        reason: "lost",
      };
    });
  });
}

/** The command that answers a question; pasted as it is, it decides nothing. */
export function answerCommand({ gate, options }: Pick<QuestionState, "gate" | "options">): string {
  return `ra answer ${gate} ${options.length === 0 ? '"TEXT"' : "OPTION"}`;
}

/** An attempt has come to its end: nobody hears an answer any more. */
export function closeQuestions(attempt: Asker, reason: Withdrawal, at: string): void {
  for (const question of openQuestions(attempt)) {
    question.end = { kind: "withdrawn", reason, at };
  }
}
