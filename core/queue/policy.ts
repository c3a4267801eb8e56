import type { QueuedRequest } from "./request.ts";

/** `serial`: one at a time, in order. `concurrent`: up to a cap side by side. */
export type QueueMode = "serial" | "concurrent";

/** How many requests run at once, and in which order. */
export interface Pacing {
  readonly mode: QueueMode;
  /** Requests at once; counts only for `concurrent`. */
  readonly cap: number;
}

/**
 * The waiting requests that may start now. `open`: all that wait or run, in the order in which they were accepted. One whose
 * conversation is busy waits and lets the others pass.
 */
export function startable(
  open: readonly QueuedRequest[],
  { mode, cap }: Pacing,
): readonly QueuedRequest[] {
  const running = open.filter(({ status }) => status === "running");
  const slots = (mode === "serial" ? 1 : cap) - running.length;
  const busy = new Set(running.map(({ conversation }) => conversation));
  const chosen: QueuedRequest[] = [];
  for (const request of open) {
    if (chosen.length >= slots) break;
    if (request.status !== "queued") continue;
    const { conversation } = request;
    if (conversation !== null) {
      if (busy.has(conversation)) continue;
      busy.add(conversation);
    }
    chosen.push(request);
  }
  return chosen;
}
