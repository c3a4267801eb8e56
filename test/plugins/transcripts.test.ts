import { describe, expect, test } from "bun:test";
import { agentCases, type StreamAgentName, streamAgents } from "./agent-cases.ts";
import { hostOf, player } from "./conformance.ts";
import { tryRunner } from "./job.ts";
import { transcript, transcriptsOf } from "./transcript.ts";

/** What the real agents printed when they were recorded, read again without them. */
for (const agent of Object.keys(streamAgents) as StreamAgentName[]) {
  const cases = agentCases.filter(({ without }) => !without?.includes(agent));

  describe(`what the real ${agent} printed`, () => {
    for (const { name, check } of cases) {
      test(`means the same without it: ${name}`, async () => {
        const runner = streamAgents[agent](hostOf(player(transcript(agent, name))));

        const exit = await tryRunner(runner, { prompt: "Do it." }).exit;

        check(exit, agent);
      });
    }

    for (const name of ["unauthorised", "quota", "model-unknown"] as const) {
      test(`is no answer of the model: ${name}`, async () => {
        const runner = streamAgents[agent](hostOf(player(transcript(agent, name))));
        const trial = tryRunner(runner, { prompt: "Do it." });

        await trial.exit;

        expect(trial.answers()).toBe(0);
      });
    }

    test("is an answer of the model where it gave one", async () => {
      const runner = streamAgents[agent](hostOf(player(transcript(agent, "edits"))));
      const trial = tryRunner(runner, { prompt: "Do it." });

      await trial.exit;

      expect(trial.answers()).toBeGreaterThan(0);
    });

    test("is kept for every case", () => {
      expect([...transcriptsOf(agent)].sort()).toEqual(cases.map(({ name }) => name).sort());
    });
  });
}
