import type { NewRequest, QueuedRequest } from "../../core/queue/request.ts";

/** A request of nobody in particular. */
export function newRequest(name: string, more: Partial<NewRequest> = {}): NewRequest {
  return {
    source: "http",
    sender: null,
    key: null,
    conversation: null,
    batch: null,
    name,
    asked: JSON.stringify({ prompt: name }),
    plan: "{}",
    ...more,
  };
}

/** A request that was accepted as number `seq`. */
export function queued(seq: number, more: Partial<QueuedRequest> = {}): QueuedRequest {
  return {
    ...newRequest(`request ${seq}`),
    seq,
    id: `id${seq}`,
    run: `r${seq}`,
    status: "queued",
    cancelledBy: null,
    acceptedAt: "2026-11-26T10:00:00.000Z",
    startedAt: null,
    settledAt: null,
    exitCode: null,
    reason: null,
    ...more,
  };
}
