import { expect, test } from "bun:test";
import { programEnvironment } from "../../core/process/environment.ts";
import gemini from "../../plugins/runner-gemini.ts";
import { conformsAsAgent, hostOf, player, type Tape } from "./conformance.ts";
import { tryRunner } from "./job.ts";

const opening = [
  { type: "init", session_id: "s1", model: "gemini-2.5-pro" },
  { type: "message", role: "user", content: "do it" },
];

const stats = { total_tokens: 3150, input_tokens: 3000, output_tokens: 150, cached: 600 };

const success: Tape = {
  stdout: [
    ...opening,
    { type: "tool_use", tool_name: "write_file", parameters: { file_path: "b.txt", content: "x" } },
    { type: "tool_result", status: "success" },
    { type: "message", role: "assistant", content: "all done", delta: true },
    { type: "result", status: "success", stats },
  ],
  stderr: ["YOLO mode is enabled. All tool calls will be automatically approved."],
};

const refused = (code: number, message: string, more = ""): Tape => {
  const api = `[API Error: ${JSON.stringify({ error: { code, message, status: "X" } })}${more}]`;
  const error = { type: "unknown", message: api };
  return {
    stdout: [...opening, { type: "result", status: "error", error, stats }],
    end: code & 255,
  };
};

conformsAsAgent("gemini", gemini, {
  success,
  limited: refused(429, "Rate limit exceeded"),
  unauthorised: refused(401, "Invalid API key"),
  failedProvider: refused(500, "Internal server error"),
});

const run = (tape: Tape, patienceMs = 30_000) =>
  tryRunner(gemini(hostOf(player(tape)), { patienceMs }), { prompt: "do it" });

test("reads the message and the reset time of a used-up quota", async () => {
  const before = Date.now();
  const words =
    "[API Error: You exceeded your current quota\nSuggested retry after 3600s.]\nPlease wait";
  const result = {
    type: "result",
    status: "error",
    error: { type: "unknown", message: words },
    stats,
  };

  const exit = await run({ stdout: [...opening, result], end: 173 }).exit;

  expect(exit.message).toStartWith("status 429: You exceeded your current quota");
  expect((exit.limit?.untilMs ?? 0) - before).toBeGreaterThanOrEqual(3_600_000);
  expect((exit.limit?.untilMs ?? 0) - before).toBeLessThan(3_660_000);
});

test("takes a refused key for a login to mend although the status says bad request", async () => {
  const exit = await run(refused(400, "API key not valid. API_KEY_INVALID")).exit;

  expect(exit.auth).toBeDefined();
});

test("knows the exit code of a missing login", async () => {
  const exit = await run({ stderr: ["Please set an Auth method"], end: 41 }).exit;

  expect(exit).toMatchObject({ ok: false, message: "gemini is not logged in" });
  expect(exit.auth).toBeDefined();
});

test("does not trust the exit code 0 of an error result", async () => {
  const error = { type: "unknown", message: "the model refused" };

  const exit = await run({ stdout: [...opening, { type: "result", status: "error", error }] }).exit;

  expect(exit).toMatchObject({ ok: false, message: "the model refused" });
});

test("stops an agent that retries a refusal for minutes", async () => {
  const tape: Tape = {
    stdout: opening,
    stderr: [
      "Attempt 1 failed: Rate limit exceeded",
      "Suggested retry after 200s.. Retrying after 205374ms...",
    ],
    end: "hang",
  };
  const before = Date.now();

  const exit = await run(tape, 50).exit;

  expect(exit.message).toStartWith("waits for the provider: Attempt 1 failed: Rate limit exceeded");
  expect((exit.limit?.untilMs ?? 0) - before).toBeGreaterThanOrEqual(200_000);
});

test("gets the person's login and provider, and nothing of other programs", () => {
  const needed = ["GEMINI_API_KEY", "GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CONFIG", "HOME"];
  const foreign = ["OPENROUTER_API_KEY", "GITHUB_TOKEN", "AWS_REGION"];
  const parent = Object.fromEntries([...needed, ...foreign].map((variable) => [variable, "x"]));

  const environment = programEnvironment(parent, gemini(hostOf(null)).traits.environment);

  expect(Object.keys(environment).sort()).toEqual([...needed, "GIT_TERMINAL_PROMPT"].sort());
});
