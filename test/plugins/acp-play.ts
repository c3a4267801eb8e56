import { readFileSync } from "node:fs";
import type { Continuation, Question, Scope } from "../../core/plugin/index.ts";
import acp from "../../plugins/runner-acp.ts";
import { type AcpScript, acpAgent } from "./acp-agent.ts";
import { hostOf } from "./conformance.ts";
import { tryRunner } from "./job.ts";

interface Play {
  readonly model?: string;
  readonly patienceMs?: number;
  readonly answer?: (question: Question) => string | null | Promise<string>;
  readonly scope?: Scope;
  readonly continues?: Continuation;
}

/** Runs an agent that does what a script says, in the directory of this process; `heard` gives what it was asked. */
export function play(script: AcpScript | ((cwd: string) => AcpScript), options: Play = {}) {
  const { patienceMs = 30_000, ...task } = options;
  const cwd = process.cwd();
  const agent = acpAgent(typeof script === "function" ? script(cwd) : script);
  const runner = acp(hostOf(agent.command), { patienceMs });
  const trial = tryRunner(runner, { prompt: 'Say "hello".', cwd, ...task });
  const heard = () =>
    readFileSync(agent.heardPath, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { method?: string; params?: Record<string, unknown> });
  return { ...trial, heard };
}

/** Ways to answer a permission. */
export const options = [
  { optionId: "yes", name: "Allow", kind: "allow_once" },
  { optionId: "always", name: "Always", kind: "allow_always" },
  { optionId: "no", name: "Reject", kind: "reject_once" },
];

/** An agent that asks for a permission first. */
export const asks = (toolCall: object): AcpScript => ({
  permission: { toolCall: { toolCallId: "c1", ...toolCall }, options },
});
