import { expect, test } from "bun:test";
import { programEnvironment } from "../../core/process/environment.ts";
import acp from "../../plugins/runner-acp.ts";
import { play } from "./acp-play.ts";
import { hostOf } from "./conformance.ts";

test("drives an agent through one session and tells what it did", async () => {
  const trial = play((cwd) => ({
    updates: [
      {
        sessionUpdate: "tool_call",
        toolCallId: "c1",
        title: "write",
        kind: "edit",
        content: [{ type: "diff", path: `${cwd}/a.txt`, oldText: null, newText: "x" }],
      },
      { sessionUpdate: "agent_message_chunk", content: { type: "text", text: "all " } },
      { sessionUpdate: "agent_message_chunk", content: { type: "text", text: "done" } },
      { sessionUpdate: "usage_update", used: 1, size: 2, cost: { amount: 0.5, currency: "USD" } },
    ],
    result: {
      stopReason: "end_turn",
      usage: { inputTokens: 30, outputTokens: 4, totalTokens: 34 },
    },
  }));

  const exit = await trial.exit;

  expect(exit).toEqual({
    ok: true,
    message: "",
    usage: { inputTokens: 30, outputTokens: 4, costUsd: 0.5 },
    account: {
      session: "s1",
      lastMessage: "all done",
      toolCalls: 1,
      edits: [`${trial.cwd}/a.txt`],
    },
  });
  expect(trial.heard().map(({ method }) => method)).toEqual([
    "initialize",
    "session/new",
    "session/prompt",
  ]);
  expect(trial.heard().at(-1)?.params?.prompt).toEqual([{ type: "text", text: 'Say "hello".' }]);
});

test("chooses the model, and the mode in which nobody is asked", async () => {
  const modes = {
    currentModeId: "ask",
    availableModes: [
      { id: "ask", name: "Ask" },
      { id: "yolo", name: "Y" },
    ],
  };
  const select = (value: string) => ({ value, name: value });
  const model = {
    ...{ id: "model", name: "Model", category: "model", type: "select", currentValue: "m1" },
    options: [select("m1"), select("m2")],
  };
  const trial = play({ session: { modes, configOptions: [model] } }, { model: "m2" });

  await trial.exit;

  expect(trial.heard().slice(2, 4)).toMatchObject([
    { method: "session/set_mode", params: { modeId: "yolo" } },
    { method: "session/set_config_option", params: { configId: "model", value: "m2" } },
  ]);
});

test("classes what the provider said", async () => {
  const failure = async (error: object) => play({ error }).exit;

  expect(await failure({ code: 429, message: "Rate limit exceeded" })).toMatchObject({
    ok: false,
    failure: "rate-limit",
    limit: { untilMs: null },
  });
  expect(await failure({ code: -32000, message: "Authentication required" })).toMatchObject({
    ok: false,
    failure: "auth",
  });
  const details = { details: "Insufficient credits" };
  expect(await failure({ code: -32603, message: "Internal error", data: details })).toMatchObject({
    failure: "quota",
  });
});

test("takes a refusal and an end without a word for no success", async () => {
  const refused = await play({ result: { stopReason: "refusal" } }).exit;
  const broken = await play({ habit: "breaks", complaint: "it broke" }).exit;

  expect(refused).toMatchObject({ ok: false, failure: "refused" });
  expect(broken).toMatchObject({ ok: false, crashed: true, failure: "crashed" });
  expect(broken.message).toContain("exit 3: it broke");
});

test("stops an agent that waits out a refusal, and one that stays when its work is done", async () => {
  const waits = play({ habit: "silent", complaint: "Rate limit exceeded" }, { patienceMs: 50 });
  const lingers = play({ habit: "lingers" });

  expect(await waits.exit).toMatchObject({ ok: false, failure: "rate-limit" });
  expect(await lingers.exit).toMatchObject({ ok: true });
});

test("ends with its attempt", async () => {
  const trial = play({ habit: "silent" });

  const survivors = await trial.cancel(500);

  expect(survivors).toEqual([]);
  expect((await trial.exit).ok).toBe(false);
});

test("says how to name an agent where none is named", async () => {
  const probe = await acp(hostOf(null)).probe(new AbortController().signal);

  expect(probe).toMatchObject({ ok: false, fix: expect.stringContaining("runners: { acp:") });
});

test("gets what agents are told of account and key by, and nothing of other programs", () => {
  const needed = ["ANTHROPIC_API_KEY", "GEMINI_CLI_HOME", "GOOGLE_GEMINI_BASE_URL", "HOME"];
  const foreign = ["GITHUB_TOKEN", "DATABASE_URL"];
  const parent = Object.fromEntries([...needed, ...foreign].map((variable) => [variable, "x"]));

  const environment = programEnvironment(parent, acp(hostOf(null)).traits.environment);

  expect(Object.keys(environment).sort()).toEqual([...needed, "GIT_TERMINAL_PROMPT"].sort());
});
