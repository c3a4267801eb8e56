import type { Mode } from "../plan/plan.ts";
import type { Event } from "../run/event.ts";
import type { RunState } from "../run/state.ts";

/** What a person asks by way of a channel. */
export type ChannelAsk =
  | { readonly kind: "prompt"; readonly prompt: string }
  | {
      readonly kind: "plan";
      readonly plan: string;
      readonly params?: Readonly<Record<string, string | number | boolean>>;
      /** Absent: as the plan says. */
      readonly mode?: Mode;
    }
  | { readonly kind: "cancel"; readonly request: string }
  /** `ended`: how many of its tasks had ended when the person saw it wait; one that has gone on since is left alone. */
  | { readonly kind: "continue"; readonly run: string; readonly ended?: number }
  | { readonly kind: "stop"; readonly run: string; readonly task?: string }
  | { readonly kind: "answer"; readonly gate: string; readonly answer: string }
  /** What the programs of a run, or of one task, printed last. */
  | { readonly kind: "logs"; readonly run: string; readonly task?: string }
  /** From somebody who may ask nothing. `why`, such as `STRANGER`, is noted, and that is all. */
  | { readonly kind: "refused"; readonly why: string }
  | {
      readonly kind: "look";
      readonly at: "queue" | "processes" | "runs" | "plans" | "questions";
    };

/** What becomes of it. `result` is what the same question gets over HTTP. */
export type ChannelReply =
  | { readonly ok: true; readonly result: object }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly hint: string | null;
    };

/** One message of a person. */
export interface ChannelRequest {
  /** Names the message for good: one that comes twice is one request. */
  readonly key: string;
  /** Who sends it, once the channel has made sure of that. */
  readonly sender: string;
  /** Requests of one conversation run one after the other. */
  readonly conversation: string | null;
  readonly ask: ChannelAsk;
  /** Called once, when what was asked is done or refused for good. Only then may the channel forget the message. */
  reply(reply: ChannelReply): Promise<void>;
}

/** A request that came by a channel, as it stands. */
export interface ChannelRequestState {
  readonly id: string;
  readonly run: string;
  readonly name: string;
  readonly status: "queued" | "running" | "fulfilled" | "rejected" | "cancelled";
  /** The way in: `http`, the name of a channel. */
  readonly source: string;
  readonly key: string | null;
  /** Why it came to nothing. */
  readonly reason: string | null;
}

/** What the gateway lends to a channel. */
export interface ChannelAccess {
  /** A run as it stands; null: it has not started. */
  run(id: string): Promise<RunState | null>;
  /** A request as it stands; null: there is none. */
  request(id: string): ChannelRequestState | null;
  /** What the channel noted last, also before a restart; undefined: nothing, or it was lost. */
  recall(): unknown;
  /** Keeps what the channel must know after a restart: JSON. */
  note(value: object): void;
  /**
   * Notes for people that a receiver refused an event for good with `status`: `aside`, it is given up and the next one's turn
   * comes; `gone`, it waits, and no more is sent. On the disk when this returns.
   */
  refused(event: Event, status: number, end: "aside" | "gone"): void;
  /** Tells the user of trouble that passes. */
  tell(message: string): void;
}

/** A two-way line to people. Whatever it does, no run waits for it or fails by it. */
export interface Channel {
  /** Also the way in that a config opens or shuts. */
  readonly name: string;
  /** Types of events that it is given; all when it names none. */
  readonly wants?: readonly Event["type"][];
  /**
   * Brings one event to people. Events come in order and one at a time; one whose delivery throws, or does not end before
   * `signal` aborts, comes again later, also after a restart: at least once, then.
   */
  deliver(event: Event, signal: AbortSignal, access: ChannelAccess): Promise<void>;
  /** What people ask, until `signal` aborts. One that ends or throws is begun anew after a while. */
  requests?(signal: AbortSignal, access: ChannelAccess): AsyncIterable<ChannelRequest>;
}
