import { expect } from "bun:test";
import type { Exit, RunnerFactory } from "../../core/plugin/index.ts";
import claude from "../../plugins/runner-claude.ts";
import codex from "../../plugins/runner-codex.ts";
import gemini from "../../plugins/runner-gemini.ts";
import kilo from "../../plugins/runner-kilo.ts";
import opencode from "../../plugins/runner-opencode.ts";

/** The agents whose streams are read, and what reads each. */
export const streamAgents = { kilo, gemini, claude, codex, opencode } satisfies Record<
  string,
  RunnerFactory
>;

export type StreamAgentName = keyof typeof streamAgents;

/** What an agent is told, and what its runner must make of its answer, from the real program or from a transcript. */
export interface AgentCase {
  readonly name: string;
  readonly script: string;
  /** Agents that do not come to this end, or not in a time that a test can wait. */
  readonly without?: readonly StreamAgentName[];
  check(exit: Exit, agent: StreamAgentName): void;
}

const failsAs =
  (failure: Exit["failure"], words: RegExp) =>
  (exit: Exit): void => {
    expect(exit).toMatchObject({ ok: false, failure });
    expect(exit.message).toMatch(words);
  };

export const agentCases: readonly AgentCase[] = [
  {
    name: "edits",
    script: "@@write src/b.txt <<hello\\nworld\\n>>\n@@shell echo 42 > c.txt\n@@say all done",
    check(exit, agent) {
      expect(exit).toMatchObject({ ok: true, message: "" });
      expect(exit.usage).toMatchObject({ inputTokens: 3000, outputTokens: 150 });
      expect(exit.account).toMatchObject({ lastMessage: "all done", toolCalls: 2 });
      expect(exit.account?.session).toMatch(/^(ses_\w+|[0-9a-f-]{36})$/);
      expect(exit.account?.edits).toEqual([expect.stringMatching(/(^|\/)src\/b\.txt$/)]);
      const tellsCost = agent !== "gemini" && agent !== "codex";
      expect((exit.usage?.costUsd ?? 0) > 0).toBe(tellsCost);
    },
  },
  {
    name: "nothing",
    script: "@@say all is well",
    check(exit) {
      expect(exit).toMatchObject({ ok: true, account: { toolCalls: 0, edits: [] } });
      expect(exit.account?.lastMessage).toBe("all is well");
    },
  },
  {
    name: "limited-once",
    script: "@@error 429 retry-after=1 times=1\n@@write late.txt <<late\\n>>\n@@say all done",
    check(exit) {
      expect(exit).toMatchObject({ ok: true, account: { lastMessage: "all done" } });
    },
  },
  {
    name: "unauthorised",
    script: "@@error 401",
    check(exit) {
      expect(exit).toMatchObject({
        ok: false,
        failure: "auth",
        message: "status 401: Invalid API key",
      });
      expect(exit.auth?.fix).not.toBe("");
      expect(exit.limit).toBeUndefined();
    },
  },
  {
    name: "quota",
    script: "@@error 402",
    check(exit) {
      failsAs("quota", /402: .*Insufficient credits/)(exit);
      expect(exit.limit?.untilMs).toBeGreaterThan(0);
    },
  },
  {
    name: "model-unknown",
    script: "@@error 404 The model m9 does not exist",
    check: failsAs("model-unknown", /not exist/),
  },
  {
    name: "overflow",
    script: "@@error 400 prompt is too long: 250000 tokens > 200000 maximum",
    // These two make the conversation shorter and try again, for minutes.
    without: ["kilo", "opencode"],
    check: failsAs("context-overflow", /too long/i),
  },
  {
    name: "refused",
    script: "@@refuse",
    check(exit, agent) {
      // Codex does not tell a refusal from an empty answer.
      if (agent === "codex") expect(exit).toMatchObject({ ok: true, account: { lastMessage: "" } });
      else expect(exit).toMatchObject({ ok: false, failure: "refused" });
    },
  },
  {
    name: "cut-once",
    script: "@@cut times=1\n@@write cut.txt <<cut\n>>\n@@say all done",
    check(exit, agent) {
      // Kilo takes it for an empty answer and gives up; the others try again.
      if (agent === "kilo") expect(exit).toMatchObject({ ok: false, failure: "provider" });
      else expect(exit).toMatchObject({ ok: true, account: { lastMessage: "all done" } });
    },
  },
  {
    name: "slow",
    script: "@@slow 25\n@@write slow.txt <<slow\n>>\n@@say all done",
    check(exit) {
      expect(exit).toMatchObject({ ok: true, account: { lastMessage: "all done", toolCalls: 1 } });
    },
  },
];
