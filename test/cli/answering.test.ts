import { expect, test } from "bun:test";
import { answerFact, askedIn, openIn, type Said } from "../../cli/answering.ts";
import type { Option, QuestionFact } from "../../core/run/question.ts";
import { applyEvent, type RunState } from "../../core/run/state.ts";
import { attemptStarted, me, nobody, samplePlan, started } from "../registry/sample.ts";

const options: readonly Option[] = [
  { id: "always", label: "Allow always", effect: "allow", lasts: true },
  { id: "once", label: "Allow", effect: "allow" },
  { id: "2nd", label: "2", effect: "answer" },
  { id: "never", label: "Never", effect: "refuse", lasts: true },
];

function stateOf(offered: readonly Option[], owner = me()): RunState {
  const of = { task: "a", attempt: 1, gate: "k3x9abcd" };
  const asked: QuestionFact = {
    type: "question.asked",
    ...of,
    text: "?",
    options: offered,
    until: "",
  };
  const facts = [started(samplePlan(["a", "b"]), owner), attemptStarted("a"), asked];
  let state: RunState | undefined;
  for (const [i, fact] of facts.entries()) {
    state = applyEvent(state, {
      v: 1,
      seq: i + 1,
      at: "2026-11-26T12:00:00.000Z",
      run: "r1",
      ...fact,
    });
  }
  return state as RunState;
}

/** What the answer is taken for, or what is wrong with it. */
function taken(said: Said, offered = options, owner = me()): string {
  const state = stateOf(offered, owner);
  const [asked] = openIn(state, null);
  try {
    const fact = asked && answerFact(state, asked, said, "ann");
    return fact?.type === "question.answered" ? fact.answer : "";
  } catch (error) {
    return `${(error as { code?: string }).code}: ${(error as Error).message}`;
  }
}

test("an option is named by its id, its number or its label", () => {
  const words = ["once", " once ", "2", "allow", "ALLOW ALWAYS", "2nd"];

  const meant = words.map((text) => taken({ text }));

  expect(meant).toEqual(["once", "once", "once", "once", "always", "2nd"]);
});

test("anything else is refused", () => {
  const words = ["", "0", "5", "on", "always; once"];

  for (const text of words) expect(taken({ text })).toStartWith("OPTION_UNKNOWN: ");
});

test("`--allow` and `--deny` never take what also decides later questions", () => {
  expect(taken({ effect: "allow" })).toBe("once");
  expect(taken({ effect: "refuse" })).toStartWith("OPTION_UNKNOWN: ");
});

test("a text answers where there are no options, if it is one", () => {
  expect(taken({ text: " on 8080\n" }, [])).toBe(" on 8080\n");
  expect(taken({ text: " " }, [])).toStartWith("ANSWER_LENGTH: ");
  expect(taken({ text: "x".repeat(10_001) }, [])).toStartWith("ANSWER_LENGTH: ");
  expect(taken({ effect: "allow" }, [])).toStartWith("OPTION_UNKNOWN: ");
});

test("nobody answers an `ra` that is gone", () => {
  expect(taken({ text: "once" }, options, nobody)).toStartWith("RUN_ABANDONED: ");
});

test("finds what a task asked", () => {
  const state = stateOf(options);

  expect(askedIn(state, "a")).toHaveLength(1);
  expect(openIn(state, "b")).toEqual([]);
});
