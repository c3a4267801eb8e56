import { expect, test } from "bun:test";
import type { Terminal } from "../../cli/command.ts";
import { ProgressLines } from "../../cli/view/progress.ts";
import type { Event, Fact } from "../../core/run/event.ts";
import { applyEvent, type RunState } from "../../core/run/state.ts";
import { attemptStarted } from "../registry/sample.ts";
import { onTestEnd } from "../support/leftovers.ts";
import { makePlan, makeTask } from "../support/rig.ts";

const ids = ["a", "b", "c"];

interface Telling {
  readonly written: readonly string[];
  /** Folds all the facts of a transaction and tells their events after it, as the registry does. */
  tell(facts: readonly Fact[]): void;
  close(): void;
}

function follow(): Telling {
  const written: string[] = [];
  const terminal: Terminal = {
    cwd: "/",
    env: {},
    out: () => {},
    err: (text) => void written.push(text),
    interactive: false,
    color: false,
    columns: 80,
    ask: async () => null,
  };
  let state: RunState | undefined;
  let seq = 0;
  const progress = new ProgressLines(terminal, () => state);
  onTestEnd(() => progress.close());
  return {
    written,
    tell(facts) {
      const events = facts.map((fact): Event => {
        seq += 1;
        return { v: 1, seq, at: "2026-01-01T00:00:00.000Z", run: "r1", ...fact };
      });
      for (const event of events) state = applyEvent(state, event);
      for (const event of events) progress.show(event);
    },
    close: () => progress.close(),
  };
}

const started: Fact = {
  type: "run.started",
  name: "test",
  planPath: null,
  plan: makePlan(ids.map((id) => makeTask(id, { done: id === "c" }))),
  mode: "auto",
  concurrency: 3,
  target: null,
  base: null,
  owner: { pid: 1, startTicks: null },
  requestId: null,
};

function finished(task: string): Fact {
  return { type: "task.finished", task, status: "done", error: null, commit: null };
}

test("counts every task that ended by then, although several ends are recorded together", async () => {
  const { written, tell } = follow();

  tell([started]);
  tell([finished("a"), finished("b")]);
  await Promise.resolve();

  expect(written.join("").match(/\(\d\/\d\)/g)).toEqual(["(2/3)", "(3/3)"]);
});

test("tells what an agent asks, the command that answers, and what became of it", async () => {
  const { written, tell } = follow();
  const of = { task: "a", attempt: 1, gate: "k3x9abcd" };
  const options = [{ id: "yes", label: "Allow", effect: "allow" }] as const;
  const text = "Fetch \u001b[31mit?";
  tell([started, attemptStarted("a")]);

  tell([
    { type: "question.asked", ...of, text, options, until: "2026-01-01T00:30:00.000Z" },
    { type: "question.answered", ...of, answer: "yes", by: "ra answer" },
    { type: "question.asked", ...of, gate: "k2", text, options: [], until: "2026-01-01T00:00:02Z" },
    { type: "question.withdrawn", ...of, gate: "k2", reason: "unanswered" },
  ]);
  await Promise.resolve();

  const lines = written.join("").split("\n");
  expect(lines.slice(2, -1).map((line) => line.replace(/^\S+ /, ""))).toEqual([
    "a      asks     Fetch it?: ra answer k3x9abcd OPTION   yes; within 30m00s",
    "a      goes on  answered by ra answer: yes",
    'a      asks     Fetch it?: ra answer k2 "TEXT"   within 2.0s',
    "a      goes on  nobody answered: it is refused",
  ]);
});

test("counts on from what had ended when a run is resumed", async () => {
  const { written, tell } = follow();
  const owner = { pid: 2, startTicks: null };
  tell([started, finished("a")]);

  tell([{ type: "run.resumed", owner }]);
  tell([finished("b")]);
  await Promise.resolve();

  expect(written.join("")).toEndWith("(3/3)\n");
});

test("writes the lines of events that are told together at once", async () => {
  const { written, tell } = follow();

  tell([started, finished("a"), finished("b")]);
  await Promise.resolve();

  expect(written).toHaveLength(1);
  expect(written[0]?.split("\n")).toHaveLength(4);
});

test("writes what waits when it is closed", () => {
  const { written, tell, close } = follow();

  tell([started]);
  close();

  expect(written.join("")).toStartWith("ra: run r1");
});
