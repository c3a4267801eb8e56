import { oneLine as plainLine } from "../plain-text.ts";
import type { Usage } from "../run/model.ts";
import type { Exit } from "./runner.ts";

/** What a provider or an agent said when it would not go on. */
export interface Refusal {
  /** HTTP status; null when only words are known. */
  readonly status: number | null;
  readonly text: string;
  /** Response headers with lower-case names, as far as the agent hands them on. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** How long a used-up quota is left alone when nobody says when it comes back. */
const quotaPauseMs = 60 * 60 * 1000;

const authWords =
  /API_KEY_INVALID|api key not valid|invalid api key|not logged in|missing (api key|environment variable)|authentication (required|failed)|unauthorized|please (log ?in|sign in)/i;
const quotaWords =
  /insufficient (credits|funds|balance|quota)|(daily|exceeded your current) quota|quota (exceeded|exhausted)/i;
const limitWords = /rate.?limit|too many requests|resource.?exhausted|overloaded|\b429\b|\b529\b/i;

/** True when a line says that the provider refuses for now, by rate or by quota. */
export function soundsLimited(text: string): boolean {
  return limitWords.test(text) || quotaWords.test(text);
}

/**
 * Turns a refusal into the end of an attempt: a limit with its reset time, a login to mend, or a plain failure. A
 * status rules over words. `fix` is the command that logs in; `nowMs` is the epoch time the answer came.
 */
export function refusedExit(
  refusal: Refusal,
  options: { readonly usage: Usage | null; readonly fix: string; readonly nowMs?: number },
): Exit {
  const { status, text } = refusal;
  const nowMs = options.nowMs ?? Date.now();
  const message = status === null ? oneLine(text) : `status ${status}: ${oneLine(text)}`;
  const exit = { ok: false, message, usage: options.usage };
  const untilMs = resetTime(refusal, nowMs);
  if (status === 401 || status === 403 || (status !== 429 && authWords.test(text))) {
    return { ...exit, auth: { fix: options.fix } };
  }
  if (status === 402 || ((status === null || status === 429) && quotaWords.test(text))) {
    return { ...exit, limit: { untilMs: untilMs ?? nowMs + quotaPauseMs } };
  }
  const limited = status === null ? limitWords.test(text) : [429, 503, 529].includes(status);
  return limited ? { ...exit, limit: { untilMs } } : exit;
}

/** When the provider will answer again, epoch milliseconds, from its headers or else its words; null when unknown. */
export function resetTime(refusal: Refusal, nowMs: number): number | null {
  const headers = refusal.headers ?? {};
  const ms = Number(headers["retry-after-ms"] ?? Number.NaN);
  if (Number.isFinite(ms)) return nowMs + ms;
  const after = headers["retry-after"];
  if (after !== undefined) {
    const at = /^\d+(\.\d+)?$/.test(after) ? nowMs + Number(after) * 1000 : Date.parse(after);
    if (Number.isFinite(at)) return at;
  }
  const reset = Number(headers["x-ratelimit-reset"] ?? Number.NaN);
  // Some count seconds to go, some seconds since 1970, some milliseconds since 1970.
  if (Number.isFinite(reset)) {
    if (reset > 1e11) return reset;
    return reset > 1e8 ? reset * 1000 : nowMs + reset * 1000;
  }
  const words =
    /(?:retry|try again|resets?|available)(?:\s+again)?\s+(?:after|in)\s+((?:\d+(?:\.\d+)?\s*(?:ms|milliseconds?|days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)\b[\s,]*|\d+(?:ms|d|h|m)(?=\d))+)/i.exec(
      refusal.text,
    ) ?? /"?retryDelay"?\s*[:=]\s*"?(\d+(?:\.\d+)?s)/i.exec(refusal.text);
  return words === null ? null : nowMs + durationMs(words[1] as string);
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

/** Text from outside on one line, without control characters, at most `length` characters. */
export function oneLine(text: string, length = 300): string {
  const clean = plainLine(text);
  return clean.length > length ? `${clean.slice(0, length - 1)}…` : clean;
}

/** A line of a JSON event stream as an object; null for anything else, as agents print plain text in between. */
export function jsonLine(line: string): Readonly<Record<string, unknown>> | null {
  if (!line.startsWith("{")) return null;
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return null;
  }
}

/** Watches an agent that waits out a refusal by itself, without a word. */
export interface Patience {
  /** Aborted when the agent has made no progress for too long since it was refused. For `ProgramRequest.stop`. */
  readonly signal: AbortSignal;
  /** The text of the last refusal since the last progress; null when there was none. */
  refusal(): string | null;
  refused(text: string): void;
  progressed(): void;
  /** Gives the timer up. */
  end(): void;
}

/** Starts such a watch. An agent may retry for `patienceMs` from its first refusal on; then its slot is freed. */
export function startPatience(patienceMs: number): Patience {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | null = null;
  let text: string | null = null;
  const end = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  return {
    signal: controller.signal,
    refusal: () => text,
    refused(said) {
      text = said;
      timer ??= setTimeout(() => controller.abort(), patienceMs);
    },
    progressed() {
      text = null;
      end();
    },
    end,
  };
}
