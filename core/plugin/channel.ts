import type { Event } from "../run/event.ts";

/** What a person asks by way of a channel. */
export type ChannelAsk =
  | { readonly kind: "prompt"; readonly prompt: string }
  | {
      readonly kind: "plan";
      readonly plan: string;
      readonly params?: Readonly<Record<string, string | number | boolean>>;
    }
  | { readonly kind: "cancel"; readonly request: string }
  | { readonly kind: "continue"; readonly run: string }
  | { readonly kind: "stop"; readonly run: string; readonly task?: string }
  | { readonly kind: "answer"; readonly gate: string; readonly answer: string }
  | { readonly kind: "look"; readonly at: "queue" | "processes" | "runs" | "plans" | "questions" };

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
  deliver(event: Event, signal: AbortSignal): Promise<void>;
  /** What people ask, until `signal` aborts. One that ends or throws is begun anew after a while. */
  requests?(signal: AbortSignal): AsyncIterable<ChannelRequest>;
}
