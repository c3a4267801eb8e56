import type { FailureKind } from "../../core/plugin/index.ts";

/** A refusal as an agent words it. `until`: when it ends, for a message of 21 November 2026, 10:00 UTC. */
export interface FailureText {
  readonly from: string;
  readonly status: number | null;
  readonly text: string;
  readonly kind: FailureKind;
  readonly until?: string;
}

const seen = (
  from: string,
  status: number | null,
  text: string,
  kind: FailureKind,
  until?: string,
): FailureText => ({ from, status, text, kind, ...(until === undefined ? {} : { until }) });

/** Printed by the real agents in the tests' own runs, as their runners pass it on. */
export const seenTexts: readonly FailureText[] = [
  seen("claude", 401, "Invalid API key", "auth"),
  seen("claude", null, "Not logged in · Please run /login", "auth"),
  seen("claude", 403, "Forbidden", "auth"),
  seen("claude", 402, "Insufficient credits", "quota"),
  seen("claude", 429, "Request rejected (429) · Rate limit exceeded", "rate-limit"),
  seen("claude", 429, "Request rejected (429) · You exceeded your current quota", "quota"),
  seen(
    "claude",
    404,
    "There's an issue with the selected model (claude-sonnet-4-5). It may not exist or you may not have access to it. Run --model to pick a different model.",
    "model-unknown",
  ),
  seen(
    "claude",
    400,
    "Prompt is too long · the request is ~250000 tokens (limit 200000) but this conversation is only ~2603 tokens",
    "context-overflow",
  ),
  seen(
    "claude",
    null,
    "content filter: Sonnet 4.5 can't help with this. Start a new session to continue.",
    "refused",
  ),
  seen(
    "claude",
    null,
    "API returned an empty or malformed response (HTTP 200) — check for a proxy or gateway intercepting the request.",
    "provider",
  ),
  seen("claude", 500, "Internal server error", "provider"),
  seen("codex", 401, "Invalid API key", "auth"),
  seen("codex", null, "Missing environment variable: `OPENAI_API_KEY`.", "auth"),
  seen("codex", 429, "exceeded retry limit, last status: 429 Too Many Requests", "rate-limit"),
  seen("codex", 402, "Insufficient credits", "quota"),
  seen("codex", 404, "The model m9 does not exist", "model-unknown"),
  seen("codex", 400, "prompt is too long: 250000 tokens > 200000 maximum", "context-overflow"),
  seen(
    "codex",
    null,
    "stream disconnected before completion: stream closed before response.completed",
    "network",
  ),
  seen(
    "codex",
    null,
    "We’re currently experiencing high demand, which may cause temporary errors.",
    "provider",
  ),
  seen("kilo", 429, "Rate limit exceeded", "rate-limit"),
  seen("kilo", null, "AI_APICallError: Rate limit exceeded", "rate-limit"),
  seen("kilo", null, "The response was blocked by the provider's content filter", "refused"),
  seen(
    "kilo",
    null,
    "run ended without an assistant message; the model returned no output",
    "provider",
  ),
  seen("opencode", 403, 'Forbidden: {"error":{"message":"Forbidden"}}', "auth"),
  seen("opencode", null, "ContextOverflowError", "context-overflow"),
  seen("gemini", 429, "Rate limit exceeded Suggested retry after 3600s", "rate-limit", "11:00"),
  seen(
    "gemini",
    429,
    "You exceeded your current quota Suggested retry after 60s",
    "quota",
    "10:01",
  ),
  seen("gemini", null, "gemini is not logged in", "auth"),
  seen("gemini", null, "The model response was blocked due to safety settings.", "refused"),
  seen("gemini", 404, "The model m9 does not exist", "model-unknown"),
];

/** Worded in the programs or by their providers, and not met here: no test reaches a real provider. */
export const knownTexts: readonly FailureText[] = [
  seen("claude", null, "Claude AI usage limit reached|1795276800", "quota", "2026-11-21T16:00:00Z"),
  seen(
    "claude",
    429,
    "You've hit your limit · resets 4:10am (UTC)",
    "quota",
    "2026-11-22T04:10:00Z",
  ),
  seen("claude", 429, "You've hit your session limit · resets 2pm (UTC)", "quota", "14:00"),
  seen(
    "claude",
    429,
    "You've hit your weekly limit · resets Nov 24 at 9am (Europe/Berlin)",
    "quota",
    "2026-11-24T08:00:00Z",
  ),
  seen("claude", null, "5-hour limit reached ∙ resets 3pm (America/New_York)", "quota", "20:00"),
  seen("claude", null, "Credit balance is too low", "quota"),
  seen("claude", 401, "OAuth token has expired. Please obtain a new token", "auth"),
  seen("claude", 529, "Overloaded", "rate-limit"),
  seen(
    "codex",
    null,
    "You've hit your usage limit. Upgrade to Plus to continue using Codex or try again in 3 days 4 hours 21 minutes.",
    "quota",
    "2026-11-24T14:21:00Z",
  ),
  seen("codex", null, "You've hit your usage limit. Try again in 10 minutes.", "quota", "10:10"),
  seen(
    "codex",
    null,
    "You've hit your usage limit. Try again at Dec 3rd, 2026 4:10 PM (UTC).",
    "quota",
    "2026-12-03T16:10:00Z",
  ),
  seen(
    "codex",
    null,
    "Your access token could not be refreshed because your refresh token was already used",
    "auth",
  ),
  seen("codex", null, "error sending request for url", "network"),
  seen("kilo", null, "Unable to connect. Is the computer able to access the url?", "network"),
  seen("opencode", null, "connect ECONNREFUSED 127.0.0.1:1", "network"),
  seen("gemini", null, "fetch failed", "network"),
  seen(
    "gemini",
    400,
    "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    "context-overflow",
  ),
  seen("gemini", 400, "API key not valid. Please pass a valid API key.", "auth"),
  seen("opencode", 400, "This model's maximum context length is 128000 tokens", "context-overflow"),
  seen("opencode", null, "ProviderModelNotFoundError", "model-unknown"),
  seen("kilo", 503, "Service Unavailable", "rate-limit"),
  seen("any", 502, "Bad gateway", "provider"),
  seen("any", 418, "x", "other"),
  seen("any", null, "it broke", "other"),
];
