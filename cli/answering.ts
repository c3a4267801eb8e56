import { ExitCode, RaError } from "../core/error.ts";
import { didYouMean } from "../core/nearest.ts";
import { oneLine } from "../core/plain-text.ts";
import { isAttended } from "../core/process/living.ts";
import type { Fact } from "../core/run/event.ts";
import type { Option, QuestionState } from "../core/run/question.ts";
import type { RunState } from "../core/run/state.ts";
import { endText, optionText } from "./view/questions.ts";

/** A question with its place in a run. */
export interface Asked {
  readonly task: string;
  readonly attempt: number;
  readonly question: QuestionState;
}

/** Characters that a text may have which answers a question. */
const textMax = 10_000;

/** What a person said: a word, or that the first option of a kind is to be taken. */
export type Said = { readonly text: string } | { readonly effect: "allow" | "refuse" };

/** Everything that was asked in a run, or by one of its tasks, the oldest first. */
export function askedIn(state: RunState, task: string | null): Asked[] {
  const tasks = [...state.tasks].filter(([id]) => task === null || id === task);
  return tasks.flatMap(([id, { attempts }]) =>
    attempts.flatMap(({ number, questions }) =>
      questions.map((question) => ({ task: id, attempt: number, question })),
    ),
  );
}

/** Those of them that are open. */
export function openIn(state: RunState, task: string | null): Asked[] {
  return askedIn(state, task).filter(({ question }) => question.end === null);
}

/**
 * The fact that a question is answered. For the transaction that records it: the first one decides. Throws `RaError`
 * (exit 2) when it is closed, telling who closed it, and when the answer is none.
 */
export function answerFact(state: RunState, asked: Asked, said: Said, by: string): Fact {
  const { task, attempt, question } = asked;
  if (question.end !== null) throw closed(state.id, asked);
  if (!isAttended(state.owner)) {
    throw new RaError({
      code: "RUN_ABANDONED",
      exitCode: ExitCode.usage,
      message: `the \`ra\` that drove run \`${state.id}\` is gone, and nobody hears the answer`,
      hint: `go on with \`ra resume ${state.id}\``,
    });
  }
  const answer = "text" in said ? meant(question, said.text) : ofEffect(question, said.effect);
  return { type: "question.answered", task, attempt, gate: question.gate, answer, by };
}

/** The id of the option that a person means by its id, its number or its label; a text where there are no options. */
export function meant({ options, gate }: QuestionState, text: string): string {
  if (options.length === 0) return demandText(text);
  const word = text.trim();
  const same = ({ label }: Option): boolean => label.toLowerCase() === word.toLowerCase();
  const numbered = /^\d{1,2}$/.test(word) ? options[Number(word) - 1] : undefined;
  const found = options.find(({ id }) => id === word) ?? numbered ?? options.find(same);
  if (found !== undefined) return found.id;
  const ids = options.map(({ id }) => id);
  throw unknown(
    `question \`${gate}\` has no option \`${oneLine(word)}\``,
    options,
    didYouMean(word, ids),
  );
}

function demandText(text: string): string {
  if (text.trim() !== "" && text.length <= textMax) return text;
  throw new RaError({
    code: "ANSWER_LENGTH",
    exitCode: ExitCode.usage,
    message: `an answer has from 1 to ${textMax} characters`,
    hint: "write it in one argument, in quotes",
  });
}

/** Never one that also decides later questions: that is a decision of its own. */
function ofEffect({ options, gate }: QuestionState, effect: "allow" | "refuse"): string {
  const found = options.find((option) => option.effect === effect && !option.lasts);
  if (found !== undefined) return found.id;
  const word = effect === "allow" ? "allows" : "refuses";
  throw unknown(`question \`${gate}\` has no option that ${word} it this once`, options, undefined);
}

function unknown(message: string, options: readonly Option[], near: string | undefined): RaError {
  const list = options.map((option) => optionText(option)).join("; ");
  return new RaError({
    code: "OPTION_UNKNOWN",
    exitCode: ExitCode.usage,
    message,
    hint: `${near === undefined ? "" : `${near} `}${list === "" ? "any text answers it" : `it has: ${list}`}`,
  });
}

/** The error that says who or what closed a question. */
export function closed(run: string, { task, question }: Asked): RaError {
  const { gate, end } = question;
  const how = end?.kind === "answered" ? "was answered" : "was taken back";
  return new RaError({
    code: "QUESTION_CLOSED",
    exitCode: ExitCode.usage,
    message: `question \`${gate}\` of \`${run}/${task}\` ${how} at ${end?.at}: ${endText(question)}`,
    hint: "see what is open with `ra answer`",
  });
}
