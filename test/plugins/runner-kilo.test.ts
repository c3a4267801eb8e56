import { expect, test } from "bun:test";
import { programEnvironment } from "../../core/process/environment.ts";
import kilo from "../../plugins/runner-kilo.ts";
import { conformsAsAgent, hostOf, player, type Tape } from "./conformance.ts";
import { tryRunner } from "./job.ts";

const step = (reason: string): object => ({
  type: "step_finish",
  sessionID: "ses_1",
  part: {
    type: "step-finish",
    reason,
    cost: 0.00321,
    tokens: { total: 1050, input: 800, output: 50, reasoning: 0, cache: { read: 200, write: 0 } },
  },
});

const begin = { type: "step_start", sessionID: "ses_1", part: { type: "step-start" } };

const wrote = {
  type: "tool_use",
  sessionID: "ses_1",
  part: { type: "tool", tool: "write", state: { status: "completed", title: "src/b.txt" } },
};

const refused = (statusCode: number, message: string, more: object = {}): Tape => ({
  stdout: [
    {
      type: "error",
      sessionID: "ses_1",
      error: { name: "APIError", data: { message, statusCode, isRetryable: false, ...more } },
    },
  ],
  stderr: [`level=ERROR message="stream error" error.error="AI_APICallError: ${message}"`],
  end: 1,
});

const success: Tape = { stdout: [begin, wrote, step("tool-calls"), begin, step("stop")] };

conformsAsAgent("kilo", kilo, {
  success,
  limited: refused(429, "Rate limit exceeded", { responseHeaders: { "retry-after": "60" } }),
  unauthorised: refused(401, "Invalid API key"),
  failedProvider: refused(500, "Internal server error"),
});

test("adds up what the turns used, and tells what the agent does", async () => {
  const trial = tryRunner(kilo(hostOf(player(success))), { prompt: "do it", model: "fake/m1" });

  const exit = await trial.exit;

  expect(exit.usage).toEqual({ inputTokens: 2000, outputTokens: 100, costUsd: 0.00642 });
  expect(trial.started[0]?.join(" ")).toContain(
    "run --auto --format json -m fake/m1 --print-logs --log-level ERROR",
  );
});

test("reads the reset time from the provider's header", async () => {
  const tape = refused(429, "Rate limit exceeded", { responseHeaders: { "retry-after": "3600" } });
  const before = Date.now();

  const exit = await tryRunner(kilo(hostOf(player(tape))), { prompt: "do it" }).exit;

  const wait = (exit.limit?.untilMs ?? 0) - before;
  expect(wait).toBeGreaterThanOrEqual(3_600_000);
  expect(wait).toBeLessThan(3_660_000);
});

test("stops an agent that waits out a refusal in silence", async () => {
  const tape: Tape = {
    stderr: [
      'level=ERROR message="stream error" error.error="AI_APICallError: Rate limit exceeded"',
    ],
    end: "hang",
  };

  const exit = await tryRunner(kilo(hostOf(player(tape)), { patienceMs: 50 }), { prompt: "do it" })
    .exit;

  expect(exit).toMatchObject({ ok: false, limit: { untilMs: null } });
  expect(exit.message).toContain("Rate limit exceeded");
});

test("takes an error that is mere text", async () => {
  const tape: Tape = {
    stdout: [
      begin,
      step("other"),
      { type: "error", error: "run ended without an assistant message" },
    ],
    end: 1,
  };

  const exit = await tryRunner(kilo(hostOf(player(tape))), { prompt: "do it" }).exit;

  expect(exit).toMatchObject({ ok: false, message: "run ended without an assistant message" });
});

test("gets the person's login and provider, and nothing of other programs", () => {
  const needed = [
    "KILO_CONFIG_CONTENT",
    "OPENROUTER_API_KEY",
    "ANTHROPIC_API_KEY",
    "XDG_DATA_HOME",
    "HOME",
  ];
  const foreign = [
    "GITHUB_TOKEN",
    "DATABASE_URL",
    "RA_TASK",
    "STRIPE_API_KEY",
    "AWS_SECRET_ACCESS_KEY",
  ];
  const parent = Object.fromEntries([...needed, ...foreign].map((variable) => [variable, "x"]));

  const environment = programEnvironment(parent, kilo(hostOf(null)).traits.environment);

  expect(Object.keys(environment).sort()).toEqual([...needed, "GIT_TERMINAL_PROMPT"].sort());
});

test("gets the keys of its model's provider and of no other", () => {
  const keys = ["OPENROUTER_API_KEY", "ANTHROPIC_API_KEY", "ZHIPU_API_KEY", "STRIPE_API_KEY"];
  const clouds = ["AWS_REGION", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "KILO_CONFIG_CONTENT"];
  const parent = Object.fromEntries([...keys, ...clouds].map((variable) => [variable, "x"]));
  const { environmentFor } = kilo(hostOf(null)).traits;

  const given = (model: string): readonly string[] =>
    Object.keys(programEnvironment(parent, environmentFor?.(model) ?? []))
      .filter((name) => name !== "GIT_TERMINAL_PROMPT")
      .sort();

  expect(given("openrouter/z-ai/glm-5")).toEqual(["KILO_CONFIG_CONTENT", "OPENROUTER_API_KEY"]);
  expect(given("zai/glm-5")).toEqual(["KILO_CONFIG_CONTENT", "ZHIPU_API_KEY"]);
  expect(given("amazon-bedrock/x")).toEqual([
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "KILO_CONFIG_CONTENT",
  ]);
  // A name that no provider has opens nothing, whatever a plan calls its model.
  expect(given("stripe/x")).toEqual(["KILO_CONFIG_CONTENT"]);
  expect(given("github-copilot/x")).toEqual(["KILO_CONFIG_CONTENT"]);
  expect(environmentFor?.("zai/a")).toBe(environmentFor?.("zai/b") ?? []);
});
