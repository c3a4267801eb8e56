import type { Clock } from "../clock.ts";
import { newGateId } from "../id.ts";
import { oneLine } from "../plain-text.ts";
import type { Option, Question } from "../plugin/runner.ts";
import type { Fact } from "../run/event.ts";
import type { EventLog } from "../run/log.ts";
import type { QuestionState, Withdrawal } from "../run/question.ts";
import type { RunState } from "../run/state.ts";
import type { Redactor } from "../secret/redactor.ts";

/** Characters of a question and of an option's label that are kept. */
const textMax = 1_000;
const labelMax = 200;

/** Options of one question that are offered. */
const optionsMax = 20;

/** An id that a person can type as one word. */
const typable = /^[A-Za-z0-9][\w.-]{0,39}$/;

export interface DeskOptions {
  readonly run: string;
  readonly log: EventLog;
  readonly clock: Clock;
  /** How long a question waits for an answer, in milliseconds; 0: nobody is there. */
  readonly waitMs: number;
  readonly redactor: Redactor | null;
}

/** Who asks. */
export interface Asker {
  readonly task: string;
  readonly attempt: number;
}

/**
 * Opens questions of agents in the log and waits there for the answer, wherever it comes from: the transaction that
 * records the first one decides.
 */
export class QuestionDesk {
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** Gives the answer; null when the time is up, `signal` aborts, or the question could not be recorded. */
  async ask(asker: Asker, question: Question, signal: AbortSignal): Promise<string | null> {
    const { run, log, clock, waitMs } = this.#options;
    const { text, options, idOf } = this.#presented(question);
    const over = new AbortController();
    const ended = Promise.withResolvers<string | null>();
    let gate = "";
    const leave = log.subscribe((event) => {
      if (event.run !== run || !("gate" in event) || event.gate !== gate) return;
      if (event.type === "question.answered") ended.resolve(idOf(event.answer));
      else if (event.type === "question.withdrawn") ended.resolve(null);
    });
    const withdraw = (reason: Withdrawal): void => {
      // The answer may have been recorded first: then it was told before this is done.
      const close = (): void => ended.resolve(null);
      void log
        .commit(run, ({ state }) => withdrawnFact(state, asker, gate, reason))
        .then(close, close);
    };
    const onAbort = (): void => withdraw("ended");
    try {
      await log.commit(run, ({ state }) => {
        gate = freeGate(state);
        const until = new Date(clock.now() + waitMs).toISOString();
        const asked: Fact = { type: "question.asked", ...asker, gate, text, options, until };
        if (waitMs > 0 && !signal.aborted) return [asked];
        const reason = signal.aborted ? "ended" : "unanswered";
        return [asked, { type: "question.withdrawn", ...asker, gate, reason }];
      });
      signal.addEventListener("abort", onAbort);
      if (signal.aborted) onAbort();
      void clock.sleep(waitMs, over.signal).then(() => {
        if (!over.signal.aborted) withdraw("unanswered");
      });
      return await ended.promise;
    } catch {
      // A log that takes no question ends the run elsewhere; here the agent is refused.
      return null;
    } finally {
      over.abort();
      signal.removeEventListener("abort", onAbort);
      leave();
    }
  }

  /** The question as it is recorded, and the way back from the id of an option to that of the agent. */
  #presented({ text, options }: Question): {
    readonly text: string;
    readonly options: readonly Option[];
    readonly idOf: (answer: string) => string;
  } {
    const offered = options.slice(0, optionsMax);
    const isPlain =
      offered.every(({ id }) => typable.test(id)) &&
      new Set(offered.map(({ id }) => id)).size === offered.length;
    const ids = offered.map(({ id }, at) => (isPlain ? id : String(at + 1)));
    return {
      text: this.#clean(text, textMax),
      options: offered.map(({ label, effect, lasts }, at) => ({
        id: ids[at] as string,
        label: this.#clean(label, labelMax),
        effect,
        ...(lasts === undefined ? {} : { lasts }),
      })),
      idOf: (answer) => offered[ids.indexOf(answer)]?.id ?? answer,
    };
  }

  #clean(text: string, max: number): string {
    const line = oneLine(text);
    const shown = this.#options.redactor?.text(line) ?? line;
    // Of two units each, so many are one character more than fits.
    const characters = [...shown.slice(0, 2 * max + 2)];
    return characters.length > max ? `${characters.slice(0, max - 1).join("")}…` : shown;
  }
}

function freeGate(state: RunState | undefined): string {
  const taken = new Set<string>();
  for (const { attempts } of state?.tasks.values() ?? []) {
    for (const { questions } of attempts) for (const { gate } of questions) taken.add(gate);
  }
  for (;;) {
    const gate = newGateId();
    if (!taken.has(gate)) return gate;
  }
}

/** Nothing when it was answered, or taken back with its attempt, before. */
function withdrawnFact(
  state: RunState | undefined,
  asker: Asker,
  gate: string,
  reason: Withdrawal,
): Fact[] {
  const attempt = state?.tasks.get(asker.task)?.attempts.at(-1);
  if (attempt?.number !== asker.attempt || attempt.outcome !== null) return [];
  const isOpen = (each: QuestionState): boolean => each.gate === gate && each.end === null;
  if (!attempt.questions.some(isOpen)) return [];
  return [{ type: "question.withdrawn", ...asker, gate, reason }];
}
