import type { RunOwner } from "../id.ts";
import type { Option } from "./question.ts";

/** Tokens and money an agent reported; null where it did not say. */
export interface Usage {
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly costUsd: number | null;
}

/** How an attempt ended. */
export type Outcome =
  | { readonly kind: "succeeded"; readonly commit: string | null }
  | { readonly kind: "unchanged" }
  | {
      readonly kind: "failed";
      readonly message: string;
      /** True: another try would come to the same, so there is none. */
      readonly final?: true;
      /** Why, in the words of `FailureKind`, where the agent or its provider said; absent: nobody did. */
      readonly class?: string;
    }
  | {
      readonly kind: "timed-out";
      readonly afterMs: number;
      /** True: not the time of the whole attempt was up, but that without a word. */
      readonly silent?: true;
    }
  | { readonly kind: "rate-limited"; readonly until: string | null; readonly message: string }
  | { readonly kind: "disk-full"; readonly message: string }
  | { readonly kind: "auth"; readonly message: string }
  | { readonly kind: "cancelled"; readonly by: string }
  | { readonly kind: "crashed"; readonly message: string }
  | { readonly kind: "lost" };

/** The conflict that an attempt is to resolve instead of doing the task anew. */
export interface Resolves {
  /** Number of the attempt whose result conflicted. */
  readonly attempt: number;
  readonly paths: readonly string[];
  /** Ids of the tasks it conflicted with; empty when they are not of this run. */
  readonly with: readonly string[];
}

/** What a conflict check found. `block` keeps the result from landing. */
export interface Finding {
  readonly check: string;
  readonly severity: "note" | "warn" | "block";
  readonly message: string;
  readonly paths: readonly string[];
}

/** How a tree passed its check. */
export interface Verified {
  /** How many trees had to be checked, and how many results passed together in the last. */
  readonly checks: number;
  readonly together: number;
  /** What a person should know of it, such as that a check passed only at the second try. */
  readonly notes: readonly string[];
}

/** How a result landed on the run's chain of commits. */
export type Landing =
  | { readonly kind: "merged"; readonly commit: string; readonly verified?: Verified }
  | { readonly kind: "nothing" }
  | {
      readonly kind: "conflicted";
      readonly paths: readonly string[];
      readonly with: readonly string[];
    }
  | { readonly kind: "rejected"; readonly findings: readonly Finding[] }
  | { readonly kind: "unverified"; readonly message: string };

export type LiveStatus = "pending" | "waiting" | "running" | "merging" | "parked" | "needs-you";
/** Of a task whose attempt runs, or whose result is being landed. */
export const atWorkStatuses: readonly TaskStatus[] = ["running", "needs-you", "merging"];

export type EndStatus = "done" | "error" | "skipped" | "stopped";
export type TaskStatus = LiveStatus | EndStatus;

export type ErrorKind =
  | "failed"
  | "timeout"
  | "conflict"
  | "verify"
  | "scope"
  | "rate-limit"
  | "auth"
  | "crashed"
  | "budget"
  | "no-change";

export interface TaskError {
  readonly kind: ErrorKind;
  readonly message: string;
}

export type RunStatus = "succeeded" | "failed" | "stopped" | "interrupted";

/** What a run may have only so many of. */
export type LimitName = "events" | "attempts";

/** A command that works on a run nobody drives. It counts only while its process lives. */
export interface Hold {
  readonly owner: RunOwner;
  readonly by: "land" | "rollback" | "clean";
  readonly since: string;
}

/** What the agent of a live attempt waits for. */
export interface AskedQuestion {
  /** Its id. */
  readonly gate: string;
  readonly text: string;
  /** Empty: any text answers it. */
  readonly options: readonly Option[];
  readonly since: string;
  /** When it is taken back. */
  readonly until: string;
  /** The command that answers it. */
  readonly command: string;
}

/** A live attempt, as `ra ps` shows it. */
export interface LiveProcess {
  readonly id: string;
  readonly type: "kernel" | "command";
  /** The task's description. */
  readonly task: string;
  readonly status: LiveStatus;
  readonly touching: readonly string[];
  readonly run: string;
  readonly taskId: string;
  readonly requestId: string | null;
  readonly runner: string;
  readonly model: string | null;
  readonly pid: number | null;
  readonly workspace: string | null;
  readonly startedAt: string;
  /** The open questions of one that needs a person; else absent. */
  readonly questions?: readonly AskedQuestion[];
}
