import type { QuestionState } from "../../core/plugin/index.ts";
import { oneLine } from "../../core/plugin/index.ts";
import type { Buttons } from "./bot.ts";
import { button } from "./clicks.ts";
import { code, type Piece, quote, type Words, words } from "./words.ts";

/** Options that get a button. */
const optionsMax = 20;

/** A question with its place. */
export interface PlacedQuestion {
  readonly run: string;
  readonly task: string;
  readonly question: QuestionState;
}

/** What an agent asks, and once that is over, who decided what. */
export function questionWords({ run, task, question }: PlacedQuestion): Words {
  const { gate, text, options, until, end } = question;
  const head: Piece[] = [`${run}/${task} asks:\n`, quote(text)];
  if (end !== null) return words([...head, "\n", ...endPieces(question)]);
  const how = options.length === 0 ? "Answer this message with your answer. " : "";
  return words([...head, `\n${how}Until ${timeOf(until)}, also by ra answer ${gate}`]);
}

function endPieces({ end, options }: QuestionState): Piece[] {
  if (end === null) return [];
  if (end.kind === "withdrawn") {
    const why = { unanswered: "nobody answered", ended: "its attempt ended", lost: "its ra died" };
    return [`Taken back at ${timeOf(end.at)}: ${why[end.reason]}`];
  }
  const taken = options.find(({ id }) => id === end.answer);
  const said = taken === undefined ? code(end.answer) : code(taken.label);
  const words = { allow: "Approved: ", refuse: "Denied: ", answer: "Answered: " };
  return [
    words[taken?.effect ?? "answer"],
    said,
    `\nby ${oneLine(end.by, 100)} at ${timeOf(end.at)}`,
  ];
}

/** One button for each way to answer. Those that also decide later questions say so. */
export function questionButtons({ run, question }: PlacedQuestion): Buttons {
  const { gate, options, end } = question;
  if (end !== null) return [];
  const plain = (effect: string): number =>
    options.filter((option) => option.effect === effect && !option.lasts).length;
  return options.slice(0, optionsMax).map(({ label, effect, lasts }, option) => {
    const own = oneLine(label, 40);
    const isOnly = !lasts && effect !== "answer" && plain(effect) === 1;
    const short = effect === "allow" ? "Approve" : "Deny";
    const said = isOnly ? short : lasts ? `${own} (from now on)` : own;
    return [button(said, { kind: "answer", run, gate, option })];
  });
}

/** A time as hours and minutes of the world's time. */
function timeOf(at: string): string {
  return `${at.slice(11, 16)} UTC`;
}

/** A question of a run by its id. */
export function questionIn(
  state: {
    readonly id: string;
    readonly tasks: ReadonlyMap<
      string,
      { readonly attempts: readonly { readonly questions: readonly QuestionState[] }[] }
    >;
  },
  gate: string,
): PlacedQuestion | null {
  for (const [task, { attempts }] of state.tasks) {
    for (const { questions } of attempts) {
      const question = questions.find((one) => one.gate === gate);
      if (question !== undefined) return { run: state.id, task, question };
    }
  }
  return null;
}
