import { expect, test } from "bun:test";
import { systemClock } from "../../core/clock.ts";
import { durations } from "../../core/registry/durations.ts";
import { findRun } from "../../core/registry/find-run.ts";
import { occupants } from "../../core/registry/occupants.ts";
import { endedTasks, runs } from "../../core/registry/query.ts";
import type { Registry } from "../../core/registry/registry.ts";
import { runnersOf } from "../../core/registry/run-agents.ts";
import type { Fact } from "../../core/run/event.ts";
import {
  attemptFinished,
  attemptStarted,
  runFinished,
  samplePlan,
  spawned,
  started,
  taskFinished,
} from "./sample.ts";
import { openRegistry } from "./temporary.ts";

test("runs are listed newest first, with their tasks counted", async () => {
  const registry = await withRuns(["r7k2", "r9zz", "q1d9"]);
  await registry.commit("q1d9", () => [taskFinished("b", "error"), runFinished("stopped")]);

  const listed = runs(registry.database, { limit: 2 });

  expect(listed).toMatchObject([
    { id: "q1d9", status: "stopped", driven: true, tasks: { error: 1, pending: 1 } },
    { id: "r9zz", status: "running", driven: true, tasks: { pending: 2 } },
  ]);
  expect(runs(registry.database, { limit: 2, open: true })).toEqual([listed[1]!]);
});

test("runs behind one are listed page by page, each once, though several began at one moment", async () => {
  let count = 0;
  // Three of them begin at each moment.
  const clock = {
    ...systemClock,
    now: () => Date.parse("2026-11-21T10:00:00Z") + Math.floor(count++ / 3),
  };
  const registry = await openRegistry(undefined, { clock });
  const ids = ["r5", "r1", "r9", "r2", "r8", "r3", "r7", "r4", "r6"];
  for (const id of ids) await registry.commit(id, () => [started(samplePlan(["a"]))]);
  const all = runs(registry.database, { limit: 100 });

  for (const limit of [1, 2, 4]) {
    const paged = [];
    for (let before: string | undefined; ; ) {
      const page = runs(registry.database, before === undefined ? { limit } : { limit, before });
      paged.push(...page);
      before = page.at(-1)?.id;
      if (before === undefined) break;
    }
    expect(paged).toEqual(all);
  }
  expect(all.map(({ id }) => id)).toEqual(["r4", "r6", "r7", "r2", "r3", "r8", "r1", "r5", "r9"]);
  expect(runs(registry.database, { limit: 9, before: "none" })).toEqual([]);
});

test("agents of runs are those that have worked on them", async () => {
  const registry = await withRuns(["r1", "r2", "r3"]);
  const by = (runner: string, task: string) => ({ ...attemptStarted(task), runner }) as Fact;
  await registry.commit("r1", () => [by("kilo", "a"), by("claude", "b")]);
  await registry.commit("r2", () => [by("kilo", "a"), by("kilo", "b")]);

  const found = runnersOf(registry.database, ["r1", "r2", "r3"]);

  expect([...found]).toEqual([
    ["r1", ["claude", "kilo"]],
    ["r2", ["kilo"]],
  ]);
});

test("a directory is occupied from the start of a process until its result has landed", async () => {
  const registry = await openRegistry();
  const steps = [
    [started(samplePlan(["a", "b"])), attemptStarted("a")],
    [spawned("a")],
    [attemptFinished("a")],
    [taskFinished("a")],
  ];
  const seen: string[][] = [];

  for (const facts of steps) {
    await registry.commit("r1", () => facts);
    seen.push(occupants(registry.database, "/w/a"));
  }

  expect(seen).toEqual([[], ["r1"], ["r1"], []]);
  expect(occupants(registry.database, "/w/b")).toEqual([]);
});

test("of runs that begin in place at the same moment the one whose start is first in the log goes first", async () => {
  const registry = await openRegistry();
  const inPlace = { ...attemptStarted("a"), isolation: "in-place" } as Fact;
  for (const run of ["r1", "r2"]) {
    await registry.commit(run, () => [started(samplePlan(["a"])), inPlace]);
  }
  await registry.commit("r3", () => [started(samplePlan(["a"])), attemptStarted("a")]);

  const seen = ["r1", "r2"].map((run) =>
    occupants(registry.database, "/w/a", { run, task: "a", attempt: 1 }),
  );

  expect(seen).toEqual([[], ["r1"]]);
  expect(occupants(registry.database, "/w/a")).toEqual(["r1", "r2"]);
});

test("a run is found by id, by the start of one, and as the last one", async () => {
  const { database } = await withRuns(["r7k2", "r9zz", "r9"]);

  const found = ["r7k2", "r7", "r9", "@last"].map((text) => findRun(database, text));

  expect(found).toEqual(["r7k2", "r7k2", "r9", "r9"]);
});

const refused: readonly (readonly [text: string, code: string, words: string])[] = [
  ["r7k3", "RUN_UNKNOWN", "did you mean `r7k2`?"],
  ["zzzz", "RUN_UNKNOWN", "see `ra ps --all` for the runs"],
  ["", "RUN_UNKNOWN", "see `ra ps --all` for the runs"],
  ["r", "RUN_AMBIGUOUS", "write one more character of the id"],
];

for (const [text, code, hint] of refused) {
  test(`\`${text}\` is refused with ${code}`, async () => {
    const { database } = await withRuns(["r7k2", "r9qq"]);

    const act = (): string => findRun(database, text);

    expect(act).toThrow(expect.objectContaining({ code, hint, exitCode: 2 }));
  });
}

test("there is no last run in an empty registry", async () => {
  const { database } = await openRegistry();

  expect(() => findRun(database, "@last")).toThrow(expect.objectContaining({ code: "RUN_NONE" }));
});

test("durations are the mean of the last five good attempts of the same plan", async () => {
  let nowMs = Date.parse("2026-11-21T10:00:00Z");
  const clock = { ...systemClock, now: () => nowMs++ };
  const registry = await openRegistry(undefined, { clock });
  const times = [9_000, 100, 200, 300, 400, 500];
  for (const [i, time] of times.entries()) {
    await registry.commit(`run${i}`, () => [started(samplePlan(["a", "b"]))]);
    await registry.commit(`run${i}`, () => [
      attemptStarted("a"),
      attemptFinished("a", 1, { kind: "failed", message: "no" }, 77_000),
      attemptStarted("a", 2),
      attemptFinished("a", 2, { kind: "unchanged" }, time),
    ]);
  }
  await registry.commit("else", () => [
    started(samplePlan(["a"], "another plan")),
    attemptStarted("a"),
    attemptFinished("a", 1, undefined, 1),
  ]);

  expect(durations(registry.database, "checkout rewrite")).toEqual(new Map([["a", 300]]));
});

test("what ended last comes first, without what never began", async () => {
  const registry = await withRuns(["r7k2", "q1d9"]);
  await registry.commit("r7k2", () => [taskFinished("a"), taskFinished("b", "skipped", "a")]);
  await registry.commit("q1d9", () => [taskFinished("b", "error")]);

  const ended = endedTasks(registry.database, { limit: 10 });

  expect(ended.map(({ run, task, status }) => `${run}/${task} ${status}`)).toEqual([
    "q1d9/b error",
    "r7k2/a done",
  ]);
});

async function withRuns(ids: readonly string[]): Promise<Registry> {
  let nowMs = Date.parse("2026-11-21T10:00:00Z");
  const clock = { ...systemClock, now: () => nowMs++ };
  const registry = await openRegistry(undefined, { clock });
  for (const id of ids) await registry.commit(id, () => [started(samplePlan(["b", "a"]))]);
  return registry;
}
