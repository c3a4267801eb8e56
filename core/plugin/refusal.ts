import type { Usage } from "../run/model.ts";
import { classify, type Refusal } from "./failure.ts";
import { oneLine } from "./lines.ts";
import { resetTime } from "./reset-time.ts";
import type { Exit } from "./runner.ts";

/** How long a used-up quota is left alone when nobody says when it comes back. */
const quotaPauseMs = 60 * 60 * 1000;

/**
 * Turns a refusal into the end of an attempt: its class, a limit with its reset time, a login to mend. `fix` is the
 * command that logs in; `nowMs` is the epoch time the answer came.
 */
export function refusedExit(
  refusal: Refusal,
  options: { readonly usage: Usage | null; readonly fix: string; readonly nowMs?: number },
): Exit {
  const { status, text } = refusal;
  const nowMs = options.nowMs ?? Date.now();
  const failure = classify(refusal);
  const message = status === null ? oneLine(text) : `status ${status}: ${oneLine(text)}`;
  const exit = { ok: false, message, usage: options.usage, failure };
  switch (failure) {
    case "auth":
      return { ...exit, auth: { fix: options.fix } };
    case "quota":
      return { ...exit, limit: { untilMs: resetTime(refusal, nowMs) ?? nowMs + quotaPauseMs } };
    case "rate-limit":
      return { ...exit, limit: { untilMs: resetTime(refusal, nowMs) } };
    default:
      return exit;
  }
}
