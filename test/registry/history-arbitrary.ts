import fc from "fast-check";
import type { Fact } from "../../core/run/event.ts";
import type { Outcome } from "../../core/run/model.ts";
import { openQuestions } from "../../core/run/question.ts";
import { type AttemptState, applyEvent, type RunState } from "../../core/run/state.ts";
import { hasEnded, type TaskState } from "../../core/run/task.ts";
import {
  attemptFinished,
  attemptStarted,
  nobody,
  runFinished,
  samplePlan,
  spawned,
  started,
  taskFinished,
} from "./sample.ts";

/** Numbers that choose one of the possible next facts. */
interface Choice {
  readonly pick: number;
  readonly more: number;
}

/** Calls of `commit` for several runs; the same numbers always give the same history. */
export const decisions = fc.array(
  fc.record({
    run: fc.constantFrom("one", "two", "six"),
    choices: fc.array(fc.record({ pick: fc.nat(1_000), more: fc.nat(1_000) }), {
      minLength: 1,
      maxLength: 5,
    }),
  }),
  { minLength: 1, maxLength: 60 },
);

/** Facts that may follow each other in this state, one for each choice. */
export function nextFacts(before: RunState | undefined, choices: readonly Choice[]): Fact[] {
  let state = structuredClone(before);
  return choices.map(({ pick, more }) => {
    const fact = nextFact(state, pick, more);
    const seq = (state?.lastSeq ?? 0) + 1;
    state = applyEvent(state, { v: 1, seq, at: "", run: state?.id ?? "", ...fact });
    return fact;
  });
}

const outcomes: readonly Outcome[] = [
  { kind: "succeeded", commit: "beef" },
  { kind: "succeeded", commit: null },
  { kind: "unchanged" },
  { kind: "failed", message: "exit code 1" },
  { kind: "cancelled", by: "ann" },
  { kind: "timed-out", afterMs: 5 },
];

const globs = [[], ["src/**"], ["src/**", "db/a.sql", "src/**"]] as const;

function nextFact(state: RunState | undefined, pick: number, more: number): Fact {
  if (state === undefined) return started(samplePlan(["a", "b"]), nobody);
  if (state.finishedAt !== null) {
    const facts: Fact[] = [{ type: "run.resumed", owner: nobody }, ...afterwards(state, more)];
    return facts[pick % facts.length] as Fact;
  }
  const ofTasks = [...state.tasks.values()].flatMap((task) => taskFacts(task, more));
  // Facts of the whole run are rare: they write every row anew and would hide what single facts leave out.
  const facts = more % 12 === 0 || ofTasks.length === 0 ? runFacts() : ofTasks;
  return facts[pick % facts.length] as Fact;
}

/** What a person may do with the results of a run that has ended. */
function afterwards(state: RunState, more: number): Fact[] {
  const move = { target: "main", from: "c0ffee", to: "f00d", verified: true };
  const tried = [...state.tasks.values()].filter(({ attempts }) => attempts.length > 0);
  const landed = tried.map(({ task, attempts }) => {
    return { id: task.id, attempt: attempts.length, commit: more % 3 === 0 ? null : "beef" };
  });
  const reverted = tried.map(({ task }) => ({ id: task.id, commit: "beef", revert: "dead" }));
  const discarded = tried.map(({ task }) => ({ id: task.id, unlanded: more % 3 === 0 }));
  const end = { complete: more % 2 === 0, status: "succeeded", exitCode: 0 } as const;
  return [
    { type: "run.landed", ...move, tasks: landed, ...end },
    { type: "run.reverted", ...move, tasks: reverted },
    { type: "run.held", owner: nobody, epoch: state.epoch + 1, by: "land" },
    { type: "run.released" },
    { type: "logs.removed", bytes: 1, totalMax: 2 },
    { type: "run.cleaned", tasks: discarded, branch: more % 2 === 0 ? `ra/${state.id}` : null },
  ];
}

function runFacts(): Fact[] {
  return [
    { type: "run.paused", done: [] },
    { type: "run.continued", by: "ann" },
    { type: "request.received", action: "stop", task: "a", by: "ann" },
    { type: "request.received", action: "continue", by: "ann" },
    { type: "claims.yielded" },
    { type: "check.passed", tree: "beef", check: "c0ffee" },
    { type: "run.resumed", owner: nobody },
    runFinished("interrupted"),
  ];
}

function taskFacts(task: TaskState, more: number): Fact[] {
  const { id } = task.task;
  const attempt = task.attempts.at(-1);
  if (hasEnded(task)) return [];
  if (attempt?.outcome === null) {
    const outcome = outcomes[more % outcomes.length] as Outcome;
    const { number } = attempt;
    const until = "2026-11-21T10:00:00.000Z";
    const limit = attemptFinished(id, number, { kind: "rate-limited", until, message: "429" });
    const cooldown = { provider: `p${more % 2}`, until, times: 1 };
    return [
      spawned(id, number, nobody),
      { type: "session.opened", task: id, attempt: number, session: `s${more % 3}` },
      attemptFinished(id, number, outcome),
      { ...limit, cooldown } as Fact,
      { type: "cooldown.ended", task: id, attempt: number, provider: `p${more % 2}` },
      ...questionFacts(attempt, { task: id, attempt: number }, more),
    ];
  }
  const touching = globs[more % globs.length] ?? [];
  const facts: Fact[] = [
    { type: "task.waiting", task: id, reason: { kind: "alone" } },
    { type: "task.parked", task: id, until: "2026-11-21T10:00:00.000Z", message: "limit" },
    attemptStarted(id, task.attempts.length + 1, touching),
    {
      ...attemptStarted(id, task.attempts.length + 1, touching),
      ...{ provider: `p${more % 2}`, probes: true },
    } as Fact,
  ];
  if (more % 5 === 0) {
    facts.push(taskFinished(id, (["done", "error", "stopped", "skipped"] as const)[more % 4]));
  }
  if (task.status === "merging" && attempt) {
    const landing = { kind: "merged", commit: "f00d" } as const;
    const { number } = attempt;
    const paths = [`grown/${more % 3}`, "src/**"];
    facts.push({ type: "claim.extended", task: id, attempt: number, paths });
    facts.push({ type: "merge.finished", task: id, attempt: number, landing, warnings: ["w"] });
  }
  return facts;
}

function questionFacts(
  { questions }: AttemptState,
  of: { readonly task: string; readonly attempt: number },
  more: number,
): Fact[] {
  const options = [{ id: "yes", label: "Allow", effect: "allow", lasts: true }] as const;
  const until = "2026-11-21T10:00:00.000Z";
  const gate = `${of.task}${of.attempt}-${questions.length}`;
  const [open] = openQuestions({ questions });
  return [
    {
      type: "question.asked",
      ...of,
      gate,
      text: "Fetch?",
      options: more % 2 ? options : [],
      until,
    },
    ...(open === undefined
      ? []
      : ([
          { type: "question.answered", ...of, gate: open.gate, answer: "yes", by: "ann" },
          { type: "question.withdrawn", ...of, gate: open.gate, reason: "unanswered" },
        ] as const)),
  ];
}
