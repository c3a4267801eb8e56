import { test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./program.ts";

/** The real agents that the tests drive, and the package each comes in. */
const packages = {
  kilo: "@kilocode/cli",
  gemini: "@google/gemini-cli",
  claude: "@anthropic-ai/claude-code",
  codex: "@openai/codex",
  opencode: "opencode-ai",
  /** Gemini CLI over the Agent Client Protocol. */
  acp: "@google/gemini-cli",
} as const;

export type AgentName = keyof typeof packages;

const modules = join(root, "test", "agents", "node_modules");

/** Where the programs of the real agents stand. */
export const agentPrograms: string = join(modules, ".bin");

/** What starts a real agent. */
export function agentCommand(agent: AgentName): readonly [string, ...string[]] {
  if (agent !== "acp") return [join(agentPrograms, agent)];
  return [join(agentPrograms, "gemini"), "--acp", "--skip-trust"];
}

/**
 * `test` for a real agent. Skips, and prints why, where the agent could not be installed or `RA_TEST_AGENTS=off`.
 * One that is installed but does not start is not skipped: its tests fail.
 */
export function testWith(agent: AgentName): typeof test {
  const why = reasonToSkip(agent);
  if (why === null) return test;
  console.warn(`skips the tests of the real ${agent}: ${why}`);
  return test.skip as typeof test;
}

function reasonToSkip(agent: AgentName): string | null {
  if (process.env.RA_TEST_AGENTS === "off") return "RA_TEST_AGENTS=off";
  const isUsual = agent === "kilo" || agent === "gemini";
  if (!isUsual && process.env.RA_TEST_AGENTS !== "all") return "`npm run test:agents` runs them";
  if (existsSync(join(modules, packages[agent]))) return null;
  return `${packages[agent]} is not in test/agents/node_modules; \`npm install --prefix test/agents\` puts it there`;
}
