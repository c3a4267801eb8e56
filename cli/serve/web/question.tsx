import { useState } from "preact/hooks";
import { answerCommand, type Option, type QuestionState } from "../../../core/run/question.ts";
import { ask } from "./session.ts";
import { useAct } from "./told.ts";
import { ago, between } from "./words.tsx";

/** What an agent asks, with a button for each answer. */
export function Question({
  question,
  now,
}: {
  readonly question: Omit<QuestionState, "end"> & { readonly run: string; readonly task: string };
  readonly now: number;
}) {
  const { gate, run, task, text, options, askedAt, until } = question;
  const [words, setWords] = useState("");
  const { busy, said, act } = useAct();
  const answer = (given: string): void =>
    act(async () => {
      await ask(`/api/questions/${gate}/answer`, { answer: given });
      return "It is answered.";
    });
  const keyOf = keysOf(options);
  return (
    <article class="card ask" data-item tabIndex={0} aria-label={`question of ${task}`}>
      <h2>
        <a href={`/r/${run}/t/${task}`}>{task}</a> asks
      </h2>
      <pre class="asked">{text}</pre>
      <p class="facts">
        {run} · {ago(askedAt, now)} · taken back in{" "}
        {between(new Date(now).toISOString(), until, now)}
      </p>
      <div class="actions">
        {onceFirst(options).map((option) => (
          <button
            key={option.id}
            type="button"
            class={option.lasts ? "lasts" : option.effect}
            disabled={busy}
            data-key={keyOf.get(option.id)}
            title={`ra answer ${gate} ${option.id}`}
            onClick={() => answer(option.id)}
          >
            {option.label}
            {option.lasts ? ", from now on too" : ""}
          </button>
        ))}
        {options.length > 0 ? null : (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              answer(words);
            }}
          >
            <textarea
              aria-label="answer"
              rows={2}
              value={words}
              onInput={({ currentTarget }) => setWords(currentTarget.value)}
            />
            <button
              type="submit"
              disabled={busy || words.trim() === ""}
              title={answerCommand(question)}
            >
              Send
            </button>
          </form>
        )}
      </div>
      {said === null ? null : <p role="status">{said}</p>}
    </article>
  );
}

/** What holds for this once stands before what holds from now on, which should not be taken in passing. */
function onceFirst(options: readonly Option[]): readonly Option[] {
  return options.toSorted((a, b) => Number(a.lasts ?? false) - Number(b.lasts ?? false));
}

/** `a` and `d` take what holds this once, and nothing that holds from now on. */
function keysOf(options: readonly Option[]): ReadonlyMap<string, string> {
  const first = (effect: Option["effect"]) =>
    options.find((option) => option.effect === effect && !option.lasts)?.id ?? "";
  return new Map([
    [first("allow"), "a"],
    [first("refuse"), "d"],
  ]);
}
