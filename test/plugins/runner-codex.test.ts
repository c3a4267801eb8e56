import { expect, test } from "bun:test";
import { programEnvironment } from "../../core/process/environment.ts";
import codex from "../../plugins/runner-codex.ts";
import { conformsAsAgent, hostOf, player, type Tape } from "./conformance.ts";
import { tryRunner } from "./job.ts";
import { transcript } from "./transcript.ts";

const failed = (message: string): Tape => ({
  stdout: [
    { type: "thread.started", thread_id: "t1" },
    { type: "turn.started" },
    { type: "error", message },
    { type: "turn.failed", error: { message } },
  ],
  end: 1,
});

conformsAsAgent("codex", codex, {
  success: transcript("codex", "edits"),
  limited: failed("exceeded retry limit, last status: 429 Too Many Requests"),
  unauthorised: transcript("codex", "unauthorised"),
  failedProvider: failed("unexpected status 500 Internal Server Error: it broke, url: http://x/"),
});

const run = (tape: Tape, patienceMs = 30_000) =>
  tryRunner(codex(hostOf(player(tape)), { patienceMs }), { prompt: "do it", model: "m" });

test("stops an agent that waits out an hour after one word of it", async () => {
  const waits = "Reconnecting... 1/5 (exceeded retry limit, last status: 429 Too Many Requests)";
  const tape: Tape = { stdout: [{ type: "error", message: waits }], end: "hang" };

  const exit = await run(tape, 50).exit;

  expect(exit).toMatchObject({ ok: false, failure: "rate-limit", limit: { untilMs: null } });
});

test("takes a warning about the model for no failure", async () => {
  const success = transcript("codex", "nothing");

  expect(success.stdout?.join("\n")).toContain("Model metadata");
  expect((await run(success).exit).ok).toBe(true);
});

test("reads when the limit of a plan ends", async () => {
  const before = Date.now();

  const exit = await run(failed("You've hit your usage limit. Try again in 2 hours 30 minutes."))
    .exit;

  const wait = (exit.limit?.untilMs ?? 0) - before;
  expect(exit.failure).toBe("quota");
  expect(wait).toBeGreaterThanOrEqual(9_000_000);
  expect(wait).toBeLessThan(9_060_000);
});

test("is started without telemetry, updates or a sandbox that keeps it from its work", async () => {
  const trial = run(transcript("codex", "nothing"));

  await trial.exit;

  expect(trial.started[0]?.join(" ")).toEndWith(
    "exec --json --skip-git-repo-check -m m -c analytics.enabled=false " +
      "-c check_for_update_on_startup=false --dangerously-bypass-approvals-and-sandbox -",
  );
});

test("gets the person's login, and nothing of other programs", () => {
  const needed = ["OPENAI_API_KEY", "CODEX_HOME", "HOME"];
  const foreign = ["GITHUB_TOKEN", "ANTHROPIC_API_KEY", "AWS_SECRET_ACCESS_KEY"];
  const parent = Object.fromEntries([...needed, ...foreign].map((variable) => [variable, "x"]));

  const environment = programEnvironment(parent, codex(hostOf(null)).traits.environment);

  expect(Object.keys(environment).sort()).toEqual([...needed, "GIT_TERMINAL_PROMPT"].sort());
});
