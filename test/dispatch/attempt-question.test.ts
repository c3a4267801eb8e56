import { expect, test } from "bun:test";
import { join } from "node:path";
import { runAttempt } from "../../core/dispatch/attempt.ts";
import type { AttemptSurroundings } from "../../core/dispatch/attempt-request.ts";
import type { Job, Question } from "../../core/plugin/index.ts";
import { thisMachine } from "../../core/process/machine.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { makeTask, puppetRunner } from "../support/rig.ts";

const timeoutMs = 1_000;
const question: Question = {
  text: "Fetch?",
  options: [{ id: "yes", label: "Allow", effect: "allow" }],
};

/** An attempt whose time is counted by the test, done by `work` instead of an agent. */
function attemptOf(
  work: (job: Job, passes: (ms: number) => void) => Promise<void>,
  onQuestion: NonNullable<AttemptSurroundings["onQuestion"]>,
  passing: { now: number; due: { at: number; work: () => void }[] } = { now: 0, due: [] },
) {
  const directory = temporaryDirectory();
  const clock: typeof thisMachine.clock = {
    ...thisMachine.clock,
    monotonic: () => passing.now,
    after(ms, work) {
      const alarm = { at: passing.now + ms, work };
      passing.due.push(alarm);
      return () => {
        passing.due = passing.due.filter((other) => other !== alarm);
      };
    },
  };
  const passes = (ms: number): void => {
    passing.now += ms;
    for (const alarm of passing.due.filter(({ at }) => at <= passing.now)) alarm.work();
  };
  const run = async (job: Job) => {
    await work(job, passes);
    return { ok: true, message: "", usage: null };
  };
  return runAttempt(
    {
      ...{ run: "r1", task: makeTask("a", { timeoutMs }), number: 1, model: null, base: null },
      ...{
        isolation: "none",
        prompt: "",
        scope: null,
        environment: {},
        runner: { ...puppetRunner("x"), run },
      },
      logPath: join(directory, "1.log"),
      recording: { bytesMax: 1_000_000, redactor: null },
    },
    { machine: { ...thisMachine, clock }, repository: null, directory, onSpawn() {}, onQuestion },
    new AbortController().signal,
  );
}

test("the time of an attempt stands still while a person is asked, and goes on then", async () => {
  const passing = { now: 0, due: [] };
  const patient = await attemptOf(
    async (job, passes) => {
      passes(900);
      await job.ask(question);
      passes(90);
    },
    async () => {
      passing.now += 50_000;
      return "yes";
    },
    passing,
  );
  const late = await attemptOf(
    async (job, passes) => {
      passes(900);
      await job.ask(question);
      passes(100);
    },
    async () => "yes",
  );

  expect(patient.outcome).toEqual({ kind: "succeeded", commit: null });
  expect(late.outcome).toEqual({ kind: "timed-out", afterMs: timeoutMs });
});

test("the end of an attempt takes back what it still asks", async () => {
  const told = Promise.withResolvers<string>();

  const end = await attemptOf(
    async (job) => {
      void job.ask(question);
    },
    (_, signal) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          told.resolve("taken back");
          resolve(null);
        });
      }),
  );

  expect(end.outcome.kind).toBe("succeeded");
  expect(await told.promise).toBe("taken back");
});
