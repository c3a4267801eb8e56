import { oneLine } from "../../core/plain-text.ts";
import type { Settlement } from "../../core/queue/request.ts";
import type { RunState } from "../../core/run/state.ts";

/** Longest reason that is kept, in characters. */
const reasonMax = 500;

/**
 * What the end of a run is for its request; null while it has not ended, and where a signal ended it: then the request goes on
 * with the next process. `isCancelled`: somebody wanted it to end.
 */
export function settlementOf(state: RunState, isCancelled: boolean): Settlement | null {
  const { finishedAt, status, exitCode } = state;
  if (finishedAt === null) return null;
  if (status === "succeeded") return { status: "fulfilled", exitCode, reason: null };
  if (isCancelled) return { status: "cancelled", exitCode, reason: reasonOf(state) };
  return status === "interrupted"
    ? null
    : { status: "rejected", exitCode, reason: reasonOf(state) };
}

/** Why a run did not succeed, in one line. */
function reasonOf({ tasks, published, status, overBudget }: RunState): string {
  const failed = [...tasks.values()].find(({ error }) => error !== null);
  const causes = [
    failed?.error ? `${failed.task.id}: ${failed.error.kind}: ${failed.error.message}` : null,
    published?.keptOn ? `kept on ${published.keptOn}: ${published.reason ?? ""}` : null,
    overBudget === null ? null : "its budget is used up",
  ];
  return shortReason(causes.find((cause) => cause !== null) ?? `the run has ended: ${status}`);
}

/** A reason as it is kept: one line of bounded length. */
export function shortReason(text: string): string {
  return oneLine(text).slice(0, reasonMax);
}
