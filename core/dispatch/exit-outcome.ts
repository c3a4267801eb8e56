import type { Exit } from "../plugin/runner.ts";
import type { Outcome } from "../run/model.ts";
import { timeOf } from "./end-words.ts";

/** What the end of an agent by its own words comes to. Whether it changed anything is found out later. */
export function outcomeOf(exit: Exit): Outcome {
  const { message, failure } = exit;
  if (exit.limit) return { kind: "rate-limited", until: timeOf(exit.limit.untilMs), message };
  if (exit.auth) return { kind: "auth", message: `${message}; log in with \`${exit.auth.fix}\`` };
  if (exit.crashed) return { kind: "crashed", message };
  if (exit.ok) return { kind: "succeeded", commit: null };
  // One of no class may have been answered and have failed at its task.
  const isNamed = failure !== undefined && failure !== "other";
  return { kind: "failed", message, ...(isNamed ? { class: failure } : {}) };
}
