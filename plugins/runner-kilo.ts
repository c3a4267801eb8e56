import { type Runner, type RunnerHost, stepRunner } from "../core/plugin/index.ts";

/** Drives Kilo Code (`kilo run`). */
export default function kilo(host: RunnerHost, timing = { patienceMs: 30_000 }): Runner {
  const agent = {
    name: "kilo",
    prefix: "KILO",
    login: "kilo auth login",
    install: "npm install -g @kilocode/cli@7.7.7",
    quiet: ["SESSION_INGEST", "CODEBASE_INDEXING"],
    env: { KILO_TELEMETRY_LEVEL: "off" },
  };
  return stepRunner(agent, host, timing);
}
