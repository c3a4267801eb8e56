import type { Clock } from "../clock.ts";
import type { EventLog } from "../run/log.ts";

/** How often the registry is asked whether another process has written, in milliseconds. */
const pollMs = 100;

/**
 * Calls `onRequest` when this process records a request to the run, and `onPoll` ten times a second with whether
 * another process has written. Returns the way to stop.
 */
export function watchLog(
  log: EventLog,
  run: string,
  clock: Clock,
  watch: { readonly onRequest: () => void; readonly onPoll: (changed: boolean) => void },
): () => void {
  const poll = (): void => {
    stopPolling = clock.after(pollMs, poll);
    watch.onPoll(log.changed());
  };
  let stopPolling = clock.after(pollMs, poll);
  const unsubscribe = log.subscribe((event) => {
    if (event.run === run && event.type === "request.received") watch.onRequest();
  });
  return () => {
    stopPolling();
    unsubscribe();
  };
}
