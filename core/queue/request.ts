/** Where a request is. It ends in exactly one of the last three. */
export type RequestStatus = "queued" | "running" | "fulfilled" | "rejected" | "cancelled";

/** How a request ended. */
export interface Settlement {
  readonly status: "fulfilled" | "rejected" | "cancelled";
  /** Of its run; null when no run came of it. */
  readonly exitCode: number | null;
  /** Why, in one line; null when it was fulfilled. */
  readonly reason: string | null;
}

/** Who asks, and by which way. */
export interface Origin {
  /** The way in: `http`, the name of a channel, `cron`. */
  readonly source: string;
  /** Whom the way in knows the sender as; null: nobody in particular. */
  readonly sender: string | null;
}

/** What is asked for, complete: a restart needs nothing else. */
export interface NewRequest extends Origin {
  /** A second request of the same source with this key is the first one; null: each is its own. */
  readonly key: string | null;
  /** Requests of one conversation run one after the other; null: it stands alone. */
  readonly conversation: string | null;
  /** What those have in common that were sent together; null: it was sent alone. */
  readonly batch: string | null;
  /** In one line, for lists. */
  readonly name: string;
  /** What was asked, as JSON: tells whether two requests with one key are the same. */
  readonly asked: string;
  /** The whole plan that it becomes, as text. */
  readonly plan: string;
}

/** A request that was accepted. */
export interface QueuedRequest extends NewRequest {
  /** Its place among all that were accepted. */
  readonly seq: number;
  readonly id: string;
  /** The run that it becomes, decided when it was accepted: whoever starts it again starts the same one. */
  readonly run: string;
  readonly status: RequestStatus;
  /** Who wants it to end; null: nobody. */
  readonly cancelledBy: string | null;
  /** ISO 8601. */
  readonly acceptedAt: string;
  readonly startedAt: string | null;
  readonly settledAt: string | null;
  readonly exitCode: number | null;
  /** Why it ended as it did; while it runs, what kept the last process from ending it. Null: nothing. */
  readonly reason: string | null;
}

/** What became of requests that were handed in together. All of them are accepted, or none. */
export type Acceptance =
  | {
      readonly kind: "accepted";
      readonly requests: readonly QueuedRequest[];
      /** True when all of them had been accepted before. */
      readonly known: boolean;
    }
  /** So many wait already. */
  | { readonly kind: "full"; readonly waiting: number }
  /** A request with this key asks for something else. */
  | { readonly kind: "conflict"; readonly key: string };

/** What a wish to end a request did. `asked`: it runs, and its run is to be stopped. */
export type Cancellation = "cancelled" | "asked" | "settled" | "unknown";

/** Requests on the disk. What a method has returned from has happened, whatever befalls this process. Throws `RaError` (exit 6). */
export interface RequestStore {
  /** Accepts all or none; `room`: how many may wait at once. */
  accept(requests: readonly NewRequest[], room: number): Acceptance;
  /** Those that wait or run, in the order in which they were accepted. */
  open(): readonly QueuedRequest[];
  find(id: string): QueuedRequest | null;
  /** From waiting to running; false when it does not wait any more. */
  begin(id: string): boolean;
  /** Ends it; false when it has ended before. */
  settle(id: string, settlement: Settlement): boolean;
  /** Ends one that waits, and notes for one that runs who wants it to end. */
  cancel(id: string, by: string): Cancellation;
}

/** True when nothing more becomes of it. */
export function isSettled({ status }: Pick<QueuedRequest, "status">): boolean {
  return status !== "queued" && status !== "running";
}
