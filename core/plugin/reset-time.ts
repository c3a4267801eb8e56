import type { Refusal } from "./failure.ts";

/**
 * When the provider will answer again, epoch milliseconds, from its headers or else its words; null when unknown. A
 * time of day without a zone is the machine's.
 */
export function resetTime(refusal: Refusal, nowMs: number): number | null {
  return fromHeaders(refusal.headers ?? {}, nowMs) ?? fromWords(refusal.text, nowMs);
}

function fromHeaders(headers: Readonly<Record<string, string>>, nowMs: number): number | null {
  const ms = Number(headers["retry-after-ms"] ?? Number.NaN);
  if (Number.isFinite(ms)) return nowMs + ms;
  const after = headers["retry-after"];
  if (after !== undefined) {
    const at = /^\d+(\.\d+)?$/.test(after) ? nowMs + Number(after) * 1000 : Date.parse(after);
    if (Number.isFinite(at)) return at;
  }
  for (const name of ["x-ratelimit-reset", "anthropic-ratelimit-unified-reset"]) {
    const reset = Number(headers[name] ?? Number.NaN);
    if (Number.isFinite(reset)) return epochOrPause(reset, nowMs);
  }
  return null;
}

/** Some count seconds to go, some seconds since 1970, some milliseconds since 1970. */
function epochOrPause(reset: number, nowMs: number): number {
  if (reset > 1e11) return reset;
  return reset > 1e8 ? reset * 1000 : nowMs + reset * 1000;
}

const pauseWords =
  /(?:retry|try again|resets?|available)(?:\s+again)?\s+(?:after|in)\s+((?:\d+(?:\.\d+)?\s*(?:ms|milliseconds?|days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)\b[\s,]*|\d+(?:ms|d|h|m)(?=\d))+)/i;

/** `resets 4:10am (Europe/Berlin)`, `try again at Dec 3rd, 2026 4:10 PM`, `resets Dec 3 at 4am (UTC)`. */
const clockWords =
  /(?:resets?|try again|available)\s+(?:again\s+)?(?:at\s+|on\s+)?(?:([a-z]{3})[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(\d{4}))?,?\s+(?:at\s+)?)?(\d{1,2})(?::(\d{2}))?\s*([ap])\.?m\b\.?(?:\s*\(([\w+/-]+)\))?/i;

function fromWords(text: string, nowMs: number): number | null {
  const pause = pauseWords.exec(text) ?? /"?retryDelay"?\s*[:=]\s*"?(\d+(?:\.\d+)?s)/i.exec(text);
  if (pause !== null) return nowMs + durationMs(pause[1] as string);
  // `Claude AI usage limit reached|1795693290`
  const epoch = /limit reached\|(\d{10,13})\b/i.exec(text);
  if (epoch !== null) return epochOrPause(Number(epoch[1]), nowMs);
  const clock = clockWords.exec(text);
  return clock === null ? null : clockTime(clock, nowMs);
}

const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");

function clockTime(match: RegExpExecArray, nowMs: number): number | null {
  const [, month, day, year, hour, minute, half, zone] = match;
  const hours = (Number(hour) % 12) + (half?.toLowerCase() === "p" ? 12 : 0);
  const offset = offsetOf(zone);
  if (offset === null || Number(hour) > 12) return null;
  const here = new Date(nowMs + offset(nowMs));
  const monthIndex = month === undefined ? here.getUTCMonth() : months.indexOf(month.toLowerCase());
  if (monthIndex < 0) return null;
  const date = month === undefined ? here.getUTCDate() : Number(day);
  const at = (years: number, days: number): number => {
    const wall = Date.UTC(years, monthIndex, days, hours, Number(minute ?? 0));
    return wall - offset(wall - offset(wall));
  };
  const years = year === undefined ? here.getUTCFullYear() : Number(year);
  const first = at(years, date);
  // A minute of grace: the limit may have ended while its message was on the way.
  if (first > nowMs - 60_000 || year !== undefined) return first;
  return month === undefined ? at(years, date + 1) : at(years + 1, date);
}

/** How far a zone is ahead of UTC at a time, both in milliseconds; null for a zone nobody knows. */
function offsetOf(zone: string | undefined): ((atMs: number) => number) | null {
  if (zone === undefined) return (atMs) => -new Date(atMs).getTimezoneOffset() * 60_000;
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      ...{ year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" },
    });
    return (atMs) => {
      const parts = format.formatToParts(atMs);
      const part = (type: string): number =>
        Number(parts.find((each) => each.type === type)?.value ?? 0);
      const wall = Date.UTC(
        part("year"),
        part("month") - 1,
        part("day"),
        part("hour"),
        part("minute"),
      );
      return wall - Math.floor(atMs / 60_000) * 60_000;
    };
  } catch {
    return null;
  }
}

function durationMs(text: string): number {
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|mil|[dhms])/gi)) {
    total += Number(amount) * (unitMs[(unit as string).toLowerCase()] ?? 0);
  }
  return total;
}

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  mil: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
