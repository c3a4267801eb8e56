import { expect, test } from "bun:test";
import { Bug } from "../../core/assert.ts";
import type { Fact } from "../../core/run/event.ts";
import { answerCommand, lostQuestions, type QuestionFact } from "../../core/run/question.ts";
import { applyEvent, type RunState } from "../../core/run/state.ts";
import {
  attemptFinished,
  attemptStarted,
  nobody,
  samplePlan,
  started,
} from "../registry/sample.ts";

const at = "2026-11-26T12:00:00.000Z";

function foldAll(...facts: readonly Fact[]): { state: RunState; statuses: string[] } {
  let state: RunState | undefined;
  const statuses: string[] = [];
  for (const [i, fact] of [started(samplePlan(["a"])), attemptStarted("a"), ...facts].entries()) {
    state = applyEvent(state, { v: 1, seq: i + 1, at, run: "r1", ...fact });
    statuses.push(state.tasks.get("a")?.status ?? "");
  }
  return { state: state as RunState, statuses: statuses.slice(2) };
}

const of = { task: "a", attempt: 1 };
const options = [{ id: "yes", label: "Allow", effect: "allow" }] as const;

function asked(gate: string): QuestionFact {
  return { type: "question.asked", ...of, gate, text: "Fetch?", options, until: at };
}

function answered(gate: string): QuestionFact {
  return { type: "question.answered", ...of, gate, answer: "yes", by: "ann" };
}

function withdrawn(gate: string): QuestionFact {
  return { type: "question.withdrawn", ...of, gate, reason: "unanswered" };
}

test("a task needs a person while one of the questions of its attempt is open", () => {
  const { state, statuses } = foldAll(
    asked("g1"),
    asked("g2"),
    answered("g1"),
    withdrawn("g2"),
    attemptFinished("a"),
  );

  expect(statuses).toEqual(["needs-you", "needs-you", "needs-you", "running", "merging"]);
  expect(state.tasks.get("a")?.attempts[0]?.questions).toEqual([
    {
      ...{ gate: "g1", text: "Fetch?", options, askedAt: at, until: at },
      end: { kind: "answered", answer: "yes", by: "ann", at },
    },
    {
      ...{ gate: "g2", text: "Fetch?", options, askedAt: at, until: at },
      end: { kind: "withdrawn", reason: "unanswered", at },
    },
  ]);
});

test("the end of an attempt takes back what is open", () => {
  const ended = foldAll(asked("g1"), attemptFinished("a"));
  const resumed = foldAll(asked("g1"), { type: "run.resumed", owner: nobody });

  const endOf = ({ state }: { state: RunState }) =>
    state.tasks.get("a")?.attempts[0]?.questions[0]?.end;
  expect(endOf(ended)).toEqual({ kind: "withdrawn", reason: "ended", at });
  expect(endOf(resumed)).toEqual({ kind: "withdrawn", reason: "lost", at });
  expect([ended.statuses.at(-1), resumed.statuses.at(-1)]).toEqual(["merging", "pending"]);
});

test("an answer is counted once, and only while the attempt is open", () => {
  const impossible: Fact[][] = [
    [answered("g1")],
    [asked("g1"), asked("g1")],
    [asked("g1"), answered("g1"), answered("g1")],
    [asked("g1"), withdrawn("g1"), answered("g1")],
    [asked("g1"), attemptFinished("a"), answered("g1")],
  ];

  for (const facts of impossible) expect(() => foldAll(...facts)).toThrow(Bug);
});

test("an answer of somebody else tells nothing of how long the owner lived", () => {
  const before = foldAll(asked("g1")).state.lastAt;
  let state = foldAll(asked("g1")).state;

  state = applyEvent(state, { v: 1, seq: 99, at: "2027-01-01", run: "r1", ...answered("g1") });

  expect(state.lastAt).toBe(before);
});

test("what a dead attempt asked is taken back by whoever finds it dead", () => {
  const { state } = foldAll(asked("g1"), asked("g2"), answered("g1"));

  const facts = lostQuestions(state.tasks);

  expect(facts).toEqual([{ type: "question.withdrawn", ...of, gate: "g2", reason: "lost" }]);
});

test("the command that answers takes an option, or a text", () => {
  expect(answerCommand({ gate: "g1", options: [...options, { ...options[0], id: "no" }] })).toBe(
    "ra answer g1 OPTION",
  );
  expect(answerCommand({ gate: "g1", options: [] })).toBe('ra answer g1 "TEXT"');
});
