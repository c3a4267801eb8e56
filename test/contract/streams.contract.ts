import { expect } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { deadlineMs } from "../e2e/agents/world.ts";
import { agentCases, type StreamAgentName, streamAgents } from "../plugins/agent-cases.ts";
import { hostOf } from "../plugins/conformance.ts";
import { type Trial, tryRunner } from "../plugins/job.ts";
import { transcriptPath } from "../plugins/transcript.ts";
import { agentModels, makeAgentHome } from "../support/agent-home.ts";
import { agentCommand, agentPrograms, testWith } from "../support/agents.ts";
import { onTestEnd, temporaryDirectory } from "../support/leftovers.ts";
import { startModelServer } from "../support/model-server.ts";
import { root } from "../support/program.ts";

/** The real programs, each with every case of the table; `RA_RECORD=1` writes down what they printed. */
for (const agent of Object.keys(streamAgents) as StreamAgentName[]) {
  for (const { name, script, without, check } of agentCases) {
    if (without?.includes(agent)) continue;
    testWith(agent)(
      `${agent}: ${name}`,
      async () => {
        const model = startModelServer();
        onTestEnd(() => model.stop());
        const place = temporaryDirectory("real");
        const { env } = makeAgentHome(place, model.url);
        const cwd = join(place, "project");
        mkdirSync(cwd);
        const path = `${agentPrograms}:${process.env.PATH ?? ""}`;
        const runner = streamAgents[agent](hostOf(agentCommand(agent)));
        const prompt = `Do it.\n${script}`;
        const trial = tryRunner(runner, {
          prompt,
          cwd,
          model: agentModels[agent],
          env: { ...env, PATH: path },
        });

        const exit = await trial.exit;

        check(exit, agent);
        if (name === "edits") {
          expect(readFileSync(join(cwd, "src/b.txt"), "utf8")).toBe("hello\nworld\n");
          expect(readFileSync(join(cwd, "c.txt"), "utf8")).toBe("42\n");
        }
        if (process.env.RA_RECORD === "1") record(agent, name, trial, [place, model.url]);
      },
      deadlineMs,
    );
  }
}

/** Keeps what a program printed, without the places of this machine. */
function record(agent: string, name: string, trial: Trial, places: readonly string[]): void {
  const [place = "", url = ""] = places;
  const clean = (line: string): string =>
    line
      .replaceAll(trial.scratch, "/scratch")
      .replaceAll(root, "/ra")
      .replaceAll(place, "/place")
      .replaceAll(place.slice(1), "place")
      .replaceAll(url, "http://127.0.0.1:1")
      .replaceAll(/-tmp-real-\w+/g, "-place");
  const { stdout, stderr, codes } = trial.said;
  const file = transcriptPath(agent, name);
  mkdirSync(dirname(file), { recursive: true });
  const kept = { stdout: stdout.map(clean), stderr: stderr.map(clean), end: codes[0] ?? "kill" };
  writeFileSync(file, `${JSON.stringify(kept, null, 1)}\n`);
}
