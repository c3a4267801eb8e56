import { expect, test } from "bun:test";
import type { RunOwner } from "../../core/id.ts";
import { liveProcesses } from "../../core/registry/query.ts";
import { findQuestion, openQuestions } from "../../core/registry/questions.ts";
import type { Fact } from "../../core/run/event.ts";
import {
  attemptFinished,
  attemptStarted,
  me,
  nobody,
  samplePlan,
  spawned,
  started,
} from "./sample.ts";
import { openRegistry } from "./temporary.ts";

const options = [{ id: "yes", label: "Allow", effect: "allow" }] as const;
const until = "2026-11-21T10:00:00.000Z";

function asked(gate: string, task = "a"): Fact {
  return { type: "question.asked", task, attempt: 1, gate, text: "Fetch?", options, until };
}

function begun(owner: RunOwner = me()): Fact[] {
  return [started(samplePlan(["a"]), owner), attemptStarted("a", 1, ["src/**"]), spawned("a")];
}

test("a question is open until it is answered, taken back, or its attempt ends", async () => {
  const registry = await openRegistry();
  const of = { task: "a", attempt: 1 };
  const open = () => openQuestions(registry.database).map(({ gate }) => gate);
  await registry.commit("r1", () => [...begun(), asked("g1"), asked("g2"), asked("g3")]);
  const all = open();

  await registry.commit("r1", () => [
    { type: "question.answered", ...of, gate: "g1", answer: "yes", by: "ann" },
    { type: "question.withdrawn", ...of, gate: "g2", reason: "unanswered" },
  ]);
  const one = open();
  await registry.commit("r1", () => [attemptFinished("a")]);

  expect([all, one, open()]).toEqual([["g1", "g2", "g3"], ["g3"], []]);
  const ends = ["g1", "g2", "g3"].map((gate) => findQuestion(registry.database, gate)?.end);
  expect(ends).toMatchObject([
    { kind: "answered", answer: "yes", by: "ann" },
    { kind: "withdrawn", reason: "unanswered" },
    { kind: "withdrawn", reason: "ended" },
  ]);
  expect(findQuestion(registry.database, "g4")).toBeNull();
});

test("a live process that needs a person tells what it asks, and the command that answers", async () => {
  const registry = await openRegistry();
  await registry.commit("r1", () => [...begun(), asked("g1")]);

  const [asking] = liveProcesses(registry.database);
  await registry.commit("r1", () => [
    { type: "question.answered", task: "a", attempt: 1, gate: "g1", answer: "yes", by: "ann" },
  ]);
  const [working] = liveProcesses(registry.database);

  expect(asking).toMatchObject({
    status: "needs-you",
    questions: [{ gate: "g1", text: "Fetch?", options, until, command: "ra answer g1 OPTION" }],
  });
  expect(working?.status).toBe("running");
  expect(working).not.toHaveProperty("questions");
});

test("nobody is asked for an `ra` that is gone", async () => {
  const registry = await openRegistry();
  await registry.commit("r1", () => [...begun(nobody), asked("g1")]);

  expect(openQuestions(registry.database)).toEqual([]);
});

test("whoever finds an attempt dead takes its questions back", async () => {
  const registry = await openRegistry();
  const dead: Fact = { ...spawned("a"), process: nobody } as Fact;
  await registry.commit("r1", () => [
    started(samplePlan(["a"]), nobody),
    ...[attemptStarted("a"), dead, asked("g1")],
  ]);

  const events = await registry.reap();

  expect(events).toMatchObject([
    { type: "question.withdrawn", gate: "g1", reason: "lost" },
    { type: "attempt.finished", outcome: { kind: "lost" } },
  ]);
});

test("a task that waits for a person keeps its paths", async () => {
  const registry = await openRegistry();
  await registry.commit("r1", () => [...begun(), asked("g1")]);

  const beside = [registry.claimsBeside("r2", "x"), registry.claimsBeside("r1", "b")];

  const claim = { run: "r1", task: "a", glob: "src/**", live: true };
  expect(beside).toEqual([[claim], [claim]]);
});
