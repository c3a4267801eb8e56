import { expect, test } from "bun:test";
import { abandonedEnd } from "../../core/dispatch/summary.ts";
import type { Fact } from "../../core/run/event.ts";
import {
  attemptFinished,
  attemptStarted,
  me,
  runFinished,
  samplePlan,
  spawned,
  started,
  taskFinished,
} from "../registry/sample.ts";
import { fold, foldedAt } from "./fold.ts";

const ended: readonly Fact[] = [
  started(samplePlan(["a", "b"])),
  attemptStarted("a"),
  attemptFinished("a"),
  taskFinished("a", "error"),
  taskFinished("b"),
  runFinished(),
];

function cleaned(id: string, unlanded: boolean, branch: string | null = null): Fact {
  return { type: "run.cleaned", tasks: [{ id, unlanded }], branch };
}

test("a clean-up marks what it discarded, and what was lost stays lost", () => {
  const state = fold([
    ...ended,
    cleaned("a", true),
    cleaned("a", false),
    cleaned("b", false, "ra/r"),
  ]);

  expect(state.tasks.get("a")?.discarded).toEqual({ at: foldedAt, unlanded: true });
  expect(state.tasks.get("b")?.discarded).toEqual({ at: foldedAt, unlanded: false });
  expect([state.discardedBranch, state.status]).toEqual(["ra/r", "succeeded"]);
});

test("a run that goes on after a clean-up has work of its own again", () => {
  const before = ended.map((fact) =>
    "task" in fact && fact.type === "task.finished" && fact.task === "a"
      ? taskFinished("a", "stopped")
      : fact,
  );
  const again: Fact[] = [
    { type: "run.resumed", owner: me() },
    { ...attemptStarted("a"), attempt: 2 } as Fact,
  ];

  const state = fold([...before, cleaned("a", true, "ra/r"), ...again]);

  expect(state.tasks.get("a")?.discarded).toBeUndefined();
  expect(state.discardedBranch).toBeUndefined();
});

test("a clean-up of a run that has not ended, or of a task it does not have, is impossible", () => {
  expect(() => fold([...ended.slice(0, -1), cleaned("a", true)])).toThrow("has not finished");
  expect(() => fold([...ended, cleaned("z", true)])).toThrow("there is no task z");
});

test("a run that is given up ends with what was open lost and the rest stopped", () => {
  const before = [started(samplePlan(["a", "b"])), attemptStarted("a"), spawned("a")];
  const open = fold(before);

  const state = fold([...before, ...abandonedEnd(open)]);

  expect([state.status, state.exitCode]).toEqual(["interrupted", 130]);
  expect(state.tasks.get("a")?.attempts[0]?.outcome).toEqual({ kind: "lost" });
  expect([...state.tasks.values()].map(({ status }) => status)).toEqual(["stopped", "stopped"]);
});
