import { oneLine } from "../plain-text.ts";
import type { Exit, Question } from "../plugin/runner.ts";

/** Puts a question of an agent to a person, where one is there; gives the id of an option, null when nobody answers. */
export type Ask = (question: Question, signal: AbortSignal) => Promise<string | null>;

/** Asks, if anybody is there to be asked, and notes what was not answered. An id that no option has is no answer. */
export async function answerTo(
  question: Question,
  ask: Ask | undefined,
  signal: AbortSignal,
  notes: string[],
): Promise<string | null> {
  const answer = (await ask?.(question, signal)) ?? null;
  if (question.options.some(({ id }) => id === answer)) return answer;
  notes.push(`it asked \`${oneLine(question.text)}\`: refused, as nobody answered`);
  return null;
}

/** What an agent that changed nothing gave as its reason, as a note; none when it said nothing. */
export function lastWordsOf(exit: Exit | null): readonly string[] {
  const said = exit?.account?.lastMessage ?? "";
  return said === "" ? [] : [`the agent said last: ${said}`];
}
