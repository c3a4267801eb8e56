import { type Runner, type RunnerHost, stepRunner } from "../core/plugin/index.ts";

/** Drives OpenCode (`opencode run`). */
export default function opencode(host: RunnerHost, timing = { patienceMs: 30_000 }): Runner {
  const agent = {
    name: "opencode",
    prefix: "OPENCODE",
    login: "opencode auth login",
    install: "npm install -g opencode-ai@1.18.33",
    quiet: [],
  };
  return stepRunner(agent, host, timing);
}
