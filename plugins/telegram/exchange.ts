import type {
  ChannelAccess,
  ChannelAsk,
  ChannelReply,
  ChannelRequest,
} from "../../core/plugin/index.ts";
import type { Boards } from "./boards.ts";
import { type Bot, BotError } from "./bot.ts";
import type { Notes } from "./notes.ts";
import type { Visitor } from "./visitor.ts";
import { shortened, type Words, words } from "./words.ts";

/** What turning messages into requests needs. */
export interface ExchangeParts {
  readonly bot: Bot;
  readonly notes: Notes;
  readonly boards: Boards;
  readonly access: ChannelAccess;
  /** Whether people may ask in their own words. */
  readonly prompts: boolean;
  readonly signal: AbortSignal;
}

/** One thing that somebody sent. */
export interface Sent {
  readonly update: number;
  readonly visitor: Visitor;
}

/** Tells what became of a request. */
export type Answer = (reply: ChannelReply, signal: AbortSignal) => Promise<unknown>;

/** How long an answer to what was done may take, in milliseconds: what comes next waits for it. */
const answerMs = 10_000;

/** Longest answer to what was refused, in characters. */
const refusalMax = 1_000;

/** Makes requests of what people send, each with the rule by which its message is done. */
export class Exchange {
  readonly parts: ExchangeParts;

  constructor(parts: ExchangeParts) {
    this.parts = parts;
  }

  /** A request that only shows something: while that fails, the message is kept, and comes again. */
  showing({ update, visitor }: Sent, ask: ChannelAsk, answer: Answer): ChannelRequest {
    const { access, notes, signal } = this.parts;
    return {
      ...{ key: `${update}`, sender: visitor.name, conversation: null, ask },
      reply: async (reply) => {
        try {
          await answer(reply, signal);
        } catch (error) {
          if (!(error instanceof BotError) || error.kind !== "refused") throw error;
          access.tell(`an answer was refused: ${error.message}`);
        }
        notes.see(update);
      },
    };
  }

  /**
   * A request that does something: once it is done the message must not come again, whatever becomes of the answer. `key`: what it
   * is one request by; null: the message.
   */
  acting(
    { update, visitor }: Sent,
    ask: ChannelAsk,
    answer: Answer,
    key: string | null = null,
  ): ChannelRequest {
    const { notes, signal } = this.parts;
    return {
      ...{ key: key ?? `${update}`, sender: visitor.name, conversation: null, ask },
      reply: async (reply) => {
        notes.see(update);
        const late = AbortSignal.timeout(answerMs);
        try {
          await answer(reply, AbortSignal.any([signal, late]));
        } catch (error) {
          if (!(error instanceof BotError) && !late.aborted) throw error;
        }
      },
    };
  }

  /** A request of somebody who may not ask, or that means nothing: it is noted, and gets no answer. */
  refused(update: number, name: string, why: string): ChannelRequest {
    const ask = { kind: "refused", why } as const;
    // Should it come again, it is refused again: strangers cost no write.
    return { key: `${update}`, sender: name, conversation: null, ask, reply: async () => {} };
  }
}

/** Why something was refused, and what helps. */
export function refusalWords({ message, hint }: Extract<ChannelReply, { ok: false }>): Words {
  return words([shortened(hint === null ? message : `${message}\n${hint}`, refusalMax)]);
}
