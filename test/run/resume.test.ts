import { expect, test } from "bun:test";
import type { Fact } from "../../core/run/event.ts";
import {
  attemptFinished,
  attemptStarted,
  nobody,
  runFinished,
  samplePlan,
  sampleTask,
  started,
  taskFinished,
} from "../registry/sample.ts";
import { fold } from "./fold.ts";

test("resuming loses open attempts and takes back what the interruption stopped", () => {
  const state = fold([
    started(samplePlan(["open", "cut", "named", "after-cut", "after-named", "broken", "good"])),
    attemptStarted("good"),
    attemptFinished("good"),
    taskFinished("good"),
    taskFinished("broken", "error"),
    { type: "request.received", action: "stop", task: "named", by: "ann" },
    taskFinished("named", "stopped"),
    { type: "request.received", action: "stop", by: "ann" },
    taskFinished("cut", "stopped"),
    taskFinished("after-cut", "skipped", "cut"),
    taskFinished("after-named", "skipped", "named"),
    attemptStarted("open"),
    runFinished("interrupted"),
    { type: "run.resumed", owner: nobody },
  ]);

  const statuses = [...state.tasks].map(([id, { status }]) => `${id} ${status}`);
  expect(statuses).toEqual([
    "open pending",
    "cut pending",
    "named stopped",
    "after-cut pending",
    "after-named skipped",
    "broken error",
    "good done",
  ]);
  expect(state.tasks.get("open")?.attempts[0]?.outcome).toEqual({ kind: "lost" });
  expect(state).toMatchObject({
    status: "running",
    owner: nobody,
    stopRequested: false,
    requests: [],
    finishedAt: null,
    exitCode: null,
  });
});

test("a task that is to be tried anew is open again, with what was skipped for it", () => {
  const facts: Fact[] = [
    started(
      samplePlan([
        "bad",
        sampleTask("after", { deps: ["bad"] }),
        "named",
        "worse",
        sampleTask("after-worse", { deps: ["worse"] }),
        "good",
      ]),
    ),
    taskFinished("bad", "error"),
    taskFinished("after", "skipped", "bad"),
    { type: "request.received", action: "stop", task: "named", by: "ann" },
    taskFinished("named", "stopped"),
    taskFinished("worse", "error"),
    taskFinished("after-worse", "skipped", "worse"),
    taskFinished("good"),
    { ...runFinished(), status: "failed", exitCode: 1 } as Fact,
  ];
  const resumed = (...retries: string[]): Fact => ({ type: "run.resumed", owner: nobody, retries });

  const state = fold([...facts, resumed("bad", "named")]);

  expect([...state.tasks].map(([id, { status }]) => `${id} ${status}`)).toEqual([
    "bad pending",
    "after pending",
    "named pending",
    "worse error",
    "after-worse skipped",
    "good done",
  ]);
  expect(state.tasks.get("bad")).toMatchObject({ error: null, finishedAt: null });
  // Stopped with the run this time, it is no longer one that stays stopped.
  expect(state.tasks.get("named")?.stoppedBy).toBeUndefined();
  expect(() => fold([...facts, resumed("good")])).toThrow("good is done");
  expect(() => fold([...facts, resumed("none")])).toThrow("there is no task none");
});
