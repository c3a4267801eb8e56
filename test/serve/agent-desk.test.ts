import { expect, test } from "bun:test";
import type { AgentState } from "../../cli/agent-state.ts";
import { AgentDesk, type ToldAgents } from "../../cli/serve/agent-desk.ts";
import { openRegistry, stateDirectory } from "../registry/temporary.ts";
import { ManualClock } from "../support/rig.ts";
import { daemonInside, settings } from "./daemon.ts";

/** A desk, and what its agents answer, one answer after the other. */
async function desk(...answers: readonly (() => Promise<readonly AgentState[]>)[]) {
  const clock = new ManualClock();
  const asked: number[] = [];
  const list = (): Promise<readonly AgentState[]> => {
    asked.push(clock.monotonic());
    return answers[asked.length - 1]?.() ?? Promise.resolve([]);
  };
  const registry = await openRegistry(stateDirectory());
  const terminal = { cwd: "/", env: {} };
  return {
    clock,
    asked,
    agents: new AgentDesk({ terminal, config: await settings(), registry, clock, list }),
  };
}

test("asks agents once for all who look, and anew after 30 s at the earliest", async () => {
  const open = Promise.withResolvers<readonly AgentState[]>();
  const { clock, asked, agents } = await desk(() => open.promise);

  const both = [agents.view(), agents.view()];
  clock.advance(60_000);
  const late = agents.view();
  open.resolve([]);
  const told = await Promise.all([...both, late]);
  clock.advance(29_999);
  await agents.view();
  const before = asked.length;
  clock.advance(1);
  await agents.view();

  expect(new Set(told).size).toBe(1);
  expect([before, asked.length]).toEqual([1, 2]);
});

test("asks again at once when agents could not be asked", async () => {
  const { asked, agents } = await desk(() => Promise.reject(new Error("gone")));

  const first = await agents.view().catch((error: Error) => error.message);
  await agents.view();

  expect([first, asked.length]).toEqual(["gone", 2]);
});

test("tells agents over HTTP as `ra agents --json` does", async () => {
  const { ask, left } = await daemonInside();

  const answer = await ask("/api/agents");
  const { agents, askedAt } = (await answer.json()) as ToldAgents;

  expect(answer.status).toBe(200);
  expect(agents.find(({ name }) => name === "shell")).toMatchObject({
    ...{ usable: true, message: null, running: 0, cooldowns: [] },
  });
  expect(Date.parse(askedAt)).not.toBeNaN();
  expect((await left()).audit.map(({ route }) => route)).toEqual(["/api/agents"]);
}, 30_000);
