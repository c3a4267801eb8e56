import { expect, test } from "bun:test";
import opencode from "../../plugins/runner-opencode.ts";
import { conformsAsAgent, hostOf, player, type Tape } from "./conformance.ts";
import { tryRunner } from "./job.ts";
import { transcript } from "./transcript.ts";

const failed = (statusCode: number, message: string): Tape => ({
  stdout: [
    {
      type: "error",
      sessionID: "ses_1",
      error: { name: "APIError", data: { message, statusCode } },
    },
  ],
  end: 1,
});

conformsAsAgent("opencode", opencode, {
  success: transcript("opencode", "edits"),
  limited: failed(429, "Rate limit exceeded"),
  unauthorised: transcript("opencode", "unauthorised"),
  failedProvider: failed(500, "Internal server error"),
});

test("stops an agent that waits out a refusal in silence", async () => {
  const tape: Tape = {
    stderr: [
      'level=ERROR message="stream error" error.error="AI_APICallError: Rate limit exceeded"',
    ],
    end: "hang",
  };
  const runner = opencode(hostOf(player(tape)), { patienceMs: 50 });

  const exit = await tryRunner(runner, { prompt: "do it" }).exit;

  expect(exit).toMatchObject({ ok: false, failure: "rate-limit", limit: { untilMs: null } });
});

test("is started without a terminal, and asks nobody", async () => {
  const runner = opencode(hostOf(player(transcript("opencode", "nothing"))));
  const trial = tryRunner(runner, { prompt: "do it", model: "fake/m1" });

  await trial.exit;

  expect(trial.started[0]?.join(" ")).toEndWith(
    "run --auto --format json -m fake/m1 --print-logs --log-level ERROR",
  );
});
