import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Continuation } from "../../core/plugin/index.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { type StreamAgentName, streamAgents } from "./agent-cases.ts";
import { hostOf, player, type Tape } from "./conformance.ts";
import { tryRunner } from "./job.ts";
import { transcript } from "./transcript.ts";

const former: Continuation = {
  session: "former-session",
  prompt: "Go on with it.",
  used: { inputTokens: 1000, outputTokens: 50, costUsd: 0.001 },
};

/** How the real agents are told of a session, and what they print where it is gone. */
const agents: Readonly<Record<StreamAgentName, { readonly words: string; readonly gone: Tape }>> = {
  kilo: {
    words: "--session former-session",
    gone: { stderr: ["Error: Session not found"], end: 1 },
  },
  opencode: {
    words: "--session former-session",
    gone: { stderr: ["Error: Session not found"], end: 1 },
  },
  gemini: {
    words: "--resume former-session",
    gone: {
      stderr: ["Error resuming session: No previous sessions found for this project."],
      end: 42,
    },
  },
  claude: {
    words: "--resume former-session",
    gone: {
      stdout: [
        {
          ...{ type: "result", subtype: "error_during_execution", is_error: true, num_turns: 0 },
          ...{ session_id: "former-session", total_cost_usd: 0 },
          usage: { input_tokens: 0, output_tokens: 0 },
          errors: ["No conversation found with session ID: former-session"],
        },
      ],
      end: 1,
    },
  },
  codex: {
    words: "resume former-session -",
    gone: {
      stderr: ["Error: thread/resume: thread/resume failed: no rollout found for thread id x"],
      end: 1,
    },
  },
};

/** A program that plays one tape when it is given a session to go on with, and another when it is not. */
function twoTapes(withSession: Tape, without: Tape) {
  const [first, second] = [player(withSession)[2], player(without)[2]] as [string, string];
  const directory = temporaryDirectory("two");
  writeFileSync(join(directory, "with"), first);
  writeFileSync(join(directory, "without"), second);
  const script = `case "$*" in *former-session*) . '${directory}/with';; *) . '${directory}/without';; esac`;
  const promptOf = (text: string): string =>
    readFileSync(`${/cd '([^']+)'/.exec(text)?.[1]}/prompt.txt`, "utf8");
  return {
    command: ["sh", "-c", script, "agent"] as const,
    prompts: () => [promptOf(first), promptOf(second)],
    prompt: () => promptOf(first),
  };
}

for (const [name, { words, gone }] of Object.entries(agents) as [
  StreamAgentName,
  (typeof agents)[StreamAgentName],
][]) {
  test(`${name} is told to go on with a session by its own means, and what failed instead of the task`, async () => {
    const tapes = twoTapes(transcript(name, "edits"), gone);
    const runner = streamAgents[name](hostOf(tapes.command));

    const trial = tryRunner(runner, { prompt: "The whole task.", continues: former });
    const exit = await trial.exit;

    expect(exit.ok).toBe(true);
    expect(trial.started.map((argv) => argv.join(" "))).toEqual([expect.stringContaining(words)]);
    expect(tapes.prompt()).toBe("Go on with it.");
    expect(trial.opened).toEqual([{ session: exit.account?.session ?? "" }]);
  });

  test(`${name} begins anew with the whole task where the session is gone, and tells why`, async () => {
    const tapes = twoTapes(gone, transcript(name, "edits"));
    const runner = streamAgents[name](hostOf(tapes.command));

    const trial = tryRunner(runner, { prompt: "The whole task.", continues: former });
    const exit = await trial.exit;

    expect(exit.ok).toBe(true);
    expect(trial.started.map((argv) => argv.includes("former-session"))).toEqual([true, false]);
    expect(tapes.prompts()).toEqual(["Go on with it.", "The whole task."]);
    const [opened] = trial.opened;
    expect(opened?.session).toBe(exit.account?.session ?? "");
    expect(opened?.anew).toMatch(
      /not found|No previous|prompt was not accepted|No conversation|no rollout/,
    );
  });

  test(`${name} does not begin anew where its provider refuses, or where core ended it`, async () => {
    const tapes = twoTapes(transcript(name, "unauthorised"), transcript(name, "edits"));
    const runner = streamAgents[name](hostOf(tapes.command));

    const exit = await tryRunner(runner, { prompt: "All.", continues: former }).exit;

    expect(exit).toMatchObject({ ok: false, failure: "auth" });
  });
}

test("agents that count on from the attempt before are told apart from those that count anew", async () => {
  const usageOf = async (name: StreamAgentName) => {
    const runner = streamAgents[name](hostOf(player(transcript(name, "edits"))));
    const [fresh, later] = [
      await tryRunner(runner, { prompt: "All." }).exit,
      await tryRunner(runner, { prompt: "All.", continues: former }).exit,
    ];
    return [fresh.usage, later.usage];
  };

  const [codex, codexLater] = await usageOf("codex");
  const [claude, claudeLater] = await usageOf("claude");
  const [kilo, kiloLater] = await usageOf("kilo");

  expect([codex?.inputTokens, codexLater?.inputTokens]).toEqual([3000, 2000]);
  expect([codex?.outputTokens, codexLater?.outputTokens]).toEqual([150, 100]);
  expect(claudeLater?.inputTokens).toBe(claude?.inputTokens as number);
  expect(claudeLater?.costUsd).toBeCloseTo((claude?.costUsd ?? 0) - 0.001, 9);
  expect(kiloLater).toEqual(kilo as NonNullable<typeof kilo>);
});
