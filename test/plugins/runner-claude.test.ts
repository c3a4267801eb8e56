import { expect, test } from "bun:test";
import { programEnvironment } from "../../core/process/environment.ts";
import claude from "../../plugins/runner-claude.ts";
import { conformsAsAgent, hostOf, player, type Tape } from "./conformance.ts";
import { tryRunner } from "./job.ts";
import { transcript } from "./transcript.ts";

const result = (more: object): object => ({
  type: "result",
  subtype: "success",
  session_id: "s1",
  total_cost_usd: 0,
  usage: { input_tokens: 0, output_tokens: 0 },
  ...more,
});

const failed = (status: number | null, text: string, more: object = {}): Tape => ({
  stdout: [result({ is_error: true, api_error_status: status, result: text, ...more })],
  end: 1,
});

conformsAsAgent("claude", claude, {
  success: transcript("claude", "edits"),
  limited: failed(429, "API Error: Request rejected (429) · Rate limit exceeded"),
  unauthorised: transcript("claude", "unauthorised"),
  failedProvider: failed(500, "API Error: 500 Internal server error"),
});

const run = (tape: Tape, patienceMs = 30_000) =>
  tryRunner(claude(hostOf(player(tape)), { patienceMs }), { prompt: "do it", model: "m" });

test("tells when the limit of a plan ends", async () => {
  const limit = { status: "rejected", resetsAt: 1_795_276_800, rateLimitType: "five_hour" };
  const tape = failed(429, "You've hit your limit · resets 4:10am (UTC)");

  const exit = await run({
    ...tape,
    stdout: [{ type: "rate_limit_event", rate_limit_info: limit }, ...(tape.stdout ?? [])],
  }).exit;

  expect(exit).toMatchObject({ failure: "quota", limit: { untilMs: 1_795_276_800_000 } });
});

test("takes a limit that only warns for none", async () => {
  const limit = { status: "allowed_warning", resetsAt: 1_795_276_800 };
  const success = transcript("claude", "nothing").stdout ?? [];

  const exit = await run({
    stdout: [{ type: "rate_limit_event", rate_limit_info: limit }, ...success],
  }).exit;

  expect(exit.ok).toBe(true);
});

test("stops an agent that goes on trying what is refused", async () => {
  const retry = { type: "system", subtype: "api_retry", error_status: 429, error: "rate_limit" };

  const exit = await run({ stdout: [retry], end: "hang" }, 50).exit;

  expect(exit).toMatchObject({ ok: false, failure: "rate-limit", limit: { untilMs: null } });
});

test("takes an error of its own, such as a limit of turns, for no success", async () => {
  const exit = await run({
    stdout: [result({ subtype: "error_max_turns", is_error: true, result: "" })],
    end: 1,
  }).exit;

  expect(exit).toMatchObject({ ok: false, failure: "other" });
  expect(exit.message).toContain("error_max_turns");
});

test("is started without a terminal, telemetry or updates, and asks nobody", async () => {
  const trial = run(transcript("claude", "nothing"));

  await trial.exit;

  expect(trial.started[0]?.join(" ")).toEndWith(
    "-p --output-format stream-json --verbose --dangerously-skip-permissions --model m",
  );
});

test("gets the person's login, and nothing of other programs", () => {
  const needed = ["ANTHROPIC_API_KEY", "CLAUDE_CONFIG_DIR", "CLAUDE_CODE_OAUTH_TOKEN", "HOME"];
  const foreign = ["GITHUB_TOKEN", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "CLAUDECODE"];
  const parent = Object.fromEntries([...needed, ...foreign].map((variable) => [variable, "x"]));

  const environment = programEnvironment(parent, claude(hostOf(null)).traits.environment);

  expect(Object.keys(environment).sort()).toEqual([...needed, "GIT_TERMINAL_PROMPT"].sort());
});
