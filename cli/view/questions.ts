import { oneLine } from "../../core/plain-text.ts";
import {
  answerCommand,
  type Option,
  type QuestionState,
  type Withdrawal,
} from "../../core/run/question.ts";
import { duration, pad } from "./text.ts";

/** A question as it is shown. */
export type ShownQuestion = Pick<
  QuestionState,
  "gate" | "text" | "options" | "askedAt" | "until"
> & { readonly run: string; readonly task: string };

/** What became of a question that was taken back, in words. */
export const withdrawalTexts: Readonly<Record<Withdrawal, string>> = {
  unanswered: "nobody answered: it is refused",
  ended: "its attempt ended unanswered",
  lost: "its question went with the `ra` that drove it",
};

/** An option in a few words. */
export function optionText({ id, label, lasts }: Option): string {
  const words = oneLine(label);
  const also = lasts ? ", from now on too" : "";
  return words.toLowerCase() === id.toLowerCase() && also === "" ? id : `${id} (${words}${also})`;
}

/** Who asks what since when, and the command that answers: two lines. */
export function questionText(question: ShownQuestion, nowMs: number): string {
  const { run, task, askedAt } = question;
  const since = duration(nowMs - Date.parse(askedAt));
  const lead = "NEEDS YOU  ";
  return `${lead}${run}/${task} asks for ${since}: ${oneLine(question.text)}\n${" ".repeat(lead.length)}${commandText(question, nowMs)}\n`;
}

/** The command that answers, and how long it is of use. */
export function commandText(
  question: Pick<QuestionState, "gate" | "options" | "until">,
  nowMs: number,
): string {
  const left = duration(Math.max(0, Date.parse(question.until) - nowMs));
  const words = question.options.map(({ id }) => id).join(", ");
  return `${answerCommand(question)}   ${words === "" ? "" : `${words}; `}within ${left}`;
}

/** The options one a line, numbered from 1. */
export function optionLines(options: readonly Option[]): string[] {
  const width = Math.max(0, ...options.map(({ id }) => id.length));
  return options.map(({ id, label, lasts }, at) => {
    const also = lasts ? ", from now on too" : "";
    return `${String(at + 1).padStart(3)}  ${pad(id, width)}  ${oneLine(label)}${also}`.trimEnd();
  });
}

/** What became of a question, or the command that answers it, in a few words. */
export function endText(question: QuestionState): string {
  const { end, options } = question;
  if (end === null) return commandText(question, Date.now());
  if (end.kind === "withdrawn") return withdrawalTexts[end.reason];
  const taken = options.find(({ id }) => id === end.answer);
  return `${taken ? optionText(taken) : oneLine(end.answer)}, by ${oneLine(end.by)}`;
}
