import { expect } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunnerHost } from "../../core/plugin/index.ts";
import { agentModels, makeAgentHome } from "../support/agent-home.ts";
import { agentCommand, agentPrograms, testWith } from "../support/agents.ts";
import { onTestEnd, temporaryDirectory } from "../support/leftovers.ts";
import { startModelServer } from "../support/model-server.ts";
import { runProgram } from "../support/program.ts";
import { type StreamAgentName, streamAgents } from "./agent-cases.ts";
import { tryRunner } from "./job.ts";

const script = [
  "@@write docs/new.txt <<no\\n>>",
  "@@write docs/build/made.txt <<yes\\n>>",
  "@@write src/app/new.txt <<yes\\n>>",
  "@@write one.txt <<yes\\n>>",
  "@@say all done",
].join("\n");

for (const agent of Object.keys(streamAgents) as StreamAgentName[]) {
  testWith(agent)(
    `${agent} itself keeps to the scope of a task`,
    async () => {
      const model = startModelServer();
      onTestEnd(() => model.stop());
      const place = temporaryDirectory("scope");
      const { env } = makeAgentHome(place, model.url);
      const cwd = join(place, "pro (ject)");
      for (const path of ["docs", "src/app"]) mkdirSync(join(cwd, path), { recursive: true });
      writeFileSync(join(cwd, "docs/old.txt"), "old\n");
      writeFileSync(join(cwd, ".gitignore"), "build/\n");
      await runProgram(["git", "init", "--quiet", cwd], { env });
      const path = `${agentPrograms}:${process.env.PATH ?? ""}`;
      const host: RunnerHost = {
        command: agentCommand(agent),
        async query(argv) {
          const { code, out } = await runProgram(argv, { cwd, env });
          return code === 0 ? out : null;
        },
      };
      const trial = tryRunner(streamAgents[agent](host), {
        prompt: `Do it.\n${script}`,
        cwd,
        model: agentModels[agent],
        env: { ...env, PATH: path },
        scope: { claimed: ["src/**", "one.txt"], covers: (each) => /^(src\/|one.txt$)/.test(each) },
      });

      const exit = await trial.exit;

      expect(exit).toMatchObject({ ok: true, account: { lastMessage: "all done" } });
      const made = ["src/app/new.txt", "one.txt", "docs/build/made.txt", "docs/new.txt"];
      expect(made.filter((each) => existsSync(join(cwd, each)))).toEqual(
        // What is below a directory that its sandbox keeps as it is Codex does not write, ignored or not.
        agent === "codex" || agent === "claude" ? made.slice(0, 2) : made.slice(0, 3),
      );
    },
    150_000,
  );
}
