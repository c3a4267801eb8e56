import { expect, test } from "bun:test";
import { join } from "node:path";
import { systemClock } from "../../core/clock.ts";
import { Crew } from "../../core/dispatch/crew.ts";
import { Dispatcher } from "../../core/dispatch/dispatcher.ts";
import { Roster } from "../../core/dispatch/roster.ts";
import { buildGraph } from "../../core/plan/graph.ts";
import type { Runner } from "../../core/plugin/runner.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { makePlan, makeTask } from "../support/rig.ts";

/** Runs tasks `a`, `b`, ... by an agent that does nothing, and gives what each was told. */
async function promptsOf(count: number, concurrency: number): Promise<Map<string, string>> {
  const prompts = new Map<string, string>();
  const runner: Runner = {
    name: "kilo",
    traits: { parallel: true, isolation: "none", environment: [] },
    probe: async () => ({ ok: true, version: null }),
    async run(job) {
      prompts.set(job.taskId, job.prompt);
      return { ok: true, message: "", usage: null };
    },
  };
  const work = { kind: "prompt", prompt: "Go." } as const;
  const tasks = Array.from({ length: count }, (_, at) => {
    const id = String.fromCharCode(97 + at);
    return makeTask(id, { work, runner: "kilo", touching: [`${id}/**`] });
  });
  const plan = makePlan(tasks);
  const log = new MemoryLog();
  const facts = { planPath: null, target: null, base: null, requestId: null } as const;
  const owner = { pid: process.pid, startTicks: null };
  await log.commit("r1", () => [
    { type: "run.started", name: "x", plan, mode: "auto", concurrency, owner, ...facts },
  ]);
  const graph = buildGraph(plan.tasks);
  const runners = new Map([["kilo", runner]]);
  const priority = tasks.map(() => 1);
  const roster = new Roster({ plan, graph, runners, priority, state: undefined });
  const directory = temporaryDirectory();
  const shared = { run: "r1", roster };
  const crew = new Crew({
    ...shared,
    repository: null,
    chain: null,
    checks: new AbortController(),
    directory,
    logs: join(directory, "logs"),
    recording: { bytesMax: 1024 * 1024, redactor: null },
    environment: () => ({}),
    processes: async () => [],
    occupants: async () => [],
    claimsBeside: async () => [],
    extendClaim: async () => [],
    record: (fact) => log.append("r1", () => [fact()]),
  });
  const rest = { concurrency, perRunner: {}, stepThrough: false };
  const options = { ...shared, clock: systemClock, log, hands: crew, ...rest };
  await new Dispatcher(options).run();
  await crew[Symbol.asyncDispose]();
  return prompts;
}

test("tells agents that start together of each other, the first one too", async () => {
  const prompts = await promptsOf(3, 3);

  const told = [...prompts].map(([id, prompt]) => [id, prompt.match(/(?<=claims `)\w/g)]);
  expect(Object.fromEntries(told)).toEqual({ a: ["b", "c"], b: ["a", "c"], c: ["a", "b"] });
});

test("tells an agent nothing of those that have ended", async () => {
  const prompts = await promptsOf(3, 1);

  expect([...prompts.keys()]).toEqual(["a", "b", "c"]);
  for (const prompt of prompts.values()) expect(prompt).not.toContain("claims");
});
