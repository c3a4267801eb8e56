import { expect, test } from "bun:test";
import { classify } from "../../core/plugin/failure.ts";
import { oneLine, refusedExit } from "../../core/plugin/index.ts";
import { resetTime } from "../../core/plugin/reset-time.ts";

import { knownTexts, seenTexts } from "./failure-texts.ts";

const nowMs = Date.parse("2026-11-21T10:00:00Z");

const exit = (status: number | null, text: string) =>
  refusedExit({ status, text }, { usage: null, fix: "agent login", nowMs });

test("reads when the provider answers again, from headers before words", () => {
  const wait = (text: string, headers: Record<string, string> = {}) => {
    const at = resetTime({ status: 429, text, headers }, nowMs);
    return at === null ? null : at - nowMs;
  };

  expect(wait("try again in 9s", { "retry-after": "60" })).toBe(60_000);
  expect(wait("", { "retry-after-ms": "1500", "retry-after": "60" })).toBe(1_500);
  expect(wait("", { "retry-after": "Sat, 21 Nov 2026 10:01:00 GMT" })).toBe(60_000);
  expect(wait("", { "x-ratelimit-reset": `${nowMs + 5_000}` })).toBe(5_000);
  expect(wait("", { "x-ratelimit-reset": `${nowMs / 1000 + 5}` })).toBe(5_000);
  expect(wait("", { "x-ratelimit-reset": "5" })).toBe(5_000);
  expect(wait("Suggested retry after 3600s.")).toBe(3_600_000);
  expect(wait("Please try again in 7m12.5s.")).toBe(432_500);
  expect(wait("Your quota will reset after 2h3m4s.")).toBe(7_384_000);
  expect(wait("Please try again in 2 hours and rest")).toBe(7_200_000);
  expect(wait("retry in 250ms")).toBe(250);
  expect(wait('"retryDelay":"34s"')).toBe(34_000);
  expect(wait("Rate limit exceeded", { "retry-after": "soon" })).toBeNull();
});

test("tells limit, quota, login and fault apart", () => {
  const kind = (status: number | null, text: string): string => {
    const { limit, auth } = exit(status, text);
    if (auth) return "auth";
    if (!limit) return "failed";
    return limit.untilMs === null ? "limit" : "quota";
  };

  expect(kind(429, "Rate limit exceeded")).toBe("limit");
  expect(kind(429, "unauthorized burst, rate limit")).toBe("limit");
  expect(kind(503, "Overloaded")).toBe("limit");
  expect(kind(529, "x")).toBe("limit");
  expect(kind(429, "You exceeded your current quota")).toBe("quota");
  expect(kind(402, "Insufficient credits")).toBe("quota");
  expect(kind(null, "AI_APICallError: Too Many Requests")).toBe("limit");
  expect(kind(401, "x")).toBe("auth");
  expect(kind(403, "rate limit")).toBe("auth");
  expect(kind(400, "API key not valid")).toBe("auth");
  expect(kind(null, "Not logged in")).toBe("auth");
  expect(kind(500, "Internal error, quota exceeded")).toBe("failed");
  expect(kind(404, "Model not found")).toBe("failed");
  expect(kind(null, "content filter")).toBe("failed");
});

test("makes text from outside safe to show on one line", () => {
  const text = "\u001b[91mError:\u001b[0m a\n\tb \u001b]52;c;aGk=\u0007c\u0085d";

  expect(oneLine(text)).toBe("Error: a b c d");
  expect(oneLine("x".repeat(400)).length).toBe(300);
});

for (const { from, status, text, kind, until } of [...seenTexts, ...knownTexts]) {
  test(`classes what ${from} says: ${status ?? "no status"}, ${text.slice(0, 80)}`, () => {
    const refusal = { status, text };

    const at = resetTime(refusal, nowMs);

    expect(classify(refusal)).toBe(kind);
    const expected = until?.includes("T") === false ? `2026-11-21T${until}:00Z` : until;
    expect(at).toBe(expected === undefined ? null : Date.parse(expected));
  });
}

test("takes a time of day without a zone for the machine's own, and never for one that is over", () => {
  const at = resetTime({ status: 429, text: "resets 4:10am" }, nowMs) ?? 0;
  const clock = new Date(at);

  expect([clock.getHours(), clock.getMinutes()]).toEqual([4, 10]);
  expect(at - nowMs).toBeGreaterThan(-60_000);
  expect(at - nowMs).toBeLessThanOrEqual(25 * 3_600_000);
});

test("does not know a time that is none, or a zone that is none", () => {
  expect(resetTime({ status: 429, text: "resets 14:10pm (UTC)" }, nowMs)).toBeNull();
  expect(resetTime({ status: 429, text: "resets 4:10am (Nowhere/Land)" }, nowMs)).toBeNull();
});
