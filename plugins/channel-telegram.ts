import type { Channel, ChannelAccess, ChannelRequest, Event } from "../core/plugin/index.ts";
import { Boards } from "./telegram/boards.ts";
import { Bot } from "./telegram/bot.ts";
import { draftOfKey } from "./telegram/draft-key.ts";
import { Exchange } from "./telegram/exchange.ts";
import { Notes } from "./telegram/notes.ts";
import { type PollWaits, poll } from "./telegram/poll.ts";
import { pressedRequest } from "./telegram/pressing.ts";
import { report } from "./telegram/reports.ts";
import { typedRequests } from "./telegram/typing.ts";
import { admit } from "./telegram/visitor.ts";

/** What a bot needs. */
export interface TelegramSettings {
  readonly token: string;
  /** Numbers of users and chats: whoever is not on both lists is nobody. */
  readonly users: readonly number[];
  readonly chats: readonly number[];
  /** Where the Bot API is; null: at Telegram. */
  readonly server: string | null;
  /** Whether people may ask in their own words. */
  readonly prompts: boolean;
  readonly paces?: Partial<Paces>;
}

interface Paces extends PollWaits {
  /** The shortest time between two changes of the message of a run, in milliseconds. */
  readonly editMs: number;
}

const pacesDefault: Paces = {
  editMs: 3_000,
  firstMs: 500,
  longestMs: 60_000,
  conflictMs: 30_000,
};

/** Runs and questions in chats of Telegram, by a bot that asks for news itself: nothing listens. */
class Telegram implements Channel {
  readonly name = "telegram";
  readonly wants = [
    ...(["run.started", "run.resumed", "run.paused", "run.continued", "run.finished"] as const),
    ...(["run.landed", "run.reverted", "task.waiting", "task.parked", "task.finished"] as const),
    ...(["attempt.started", "attempt.finished", "merge.finished", "conflict.foreseen"] as const),
    ...(["question.asked", "question.answered", "question.withdrawn"] as const),
  ];
  readonly #settings: TelegramSettings;
  readonly #paces: Paces;
  readonly #bot: Bot;
  #kept: { readonly notes: Notes; readonly boards: Boards } | null = null;

  constructor(settings: TelegramSettings) {
    this.#settings = settings;
    this.#paces = { ...pacesDefault, ...settings.paces };
    this.#bot = new Bot(settings.token, settings.server);
  }

  async deliver(event: Event, signal: AbortSignal, access: ChannelAccess): Promise<void> {
    const { notes, boards } = this.#keeping(access);
    if (event.type === "run.started") this.#show(event, access);
    const chats = await this.#chatsOf(event, access);
    await report(event, { bot: this.#bot, notes, access, signal, chats });
    boards.touch(event.run);
  }

  async *requests(signal: AbortSignal, access: ChannelAccess): AsyncGenerator<ChannelRequest> {
    const { users, chats, prompts } = this.#settings;
    const { notes, boards } = this.#keeping(access);
    const bot = this.#bot;
    if (users.length === 0 || chats.length === 0)
      access.tell("its lists of users and chats are empty: nobody may ask anything");
    const end = new AbortController();
    const all = AbortSignal.any([signal, end.signal]);
    const keeping = boards.keep(all, access);
    const exchange = new Exchange({ bot, notes, boards, access, prompts, signal });
    try {
      for await (const update of poll(bot, this.#paces, access.tell, signal)) {
        const { update_id: id, message, callback_query: query } = update;
        if (notes.hasSeen(id)) continue;
        const admission = admit(update, { users, chats });
        if (!admission.ok) yield exchange.refused(id, admission.name, admission.why);
        else if (query !== undefined)
          yield await pressedRequest(exchange, { update: id, visitor: admission.visitor, query });
        else if (message !== undefined)
          yield* typedRequests(exchange, { update: id, visitor: admission.visitor, message });
      }
    } finally {
      end.abort();
      await keeping;
    }
  }

  #keeping(access: ChannelAccess): { readonly notes: Notes; readonly boards: Boards } {
    if (this.#kept === null) {
      const notes = new Notes(access);
      this.#kept = { notes, boards: new Boards(this.#bot, notes, this.#paces.editMs) };
    }
    return this.#kept;
  }

  /** Gives a run that has started its message: the one that asked for it, or a new one. */
  #show(
    { run, requestId: request }: Extract<Event, { type: "run.started" }>,
    access: ChannelAccess,
  ) {
    const { notes, boards } = this.#keeping(access);
    for (const chat of this.#chats(request, access)) {
      const key = this.#draftOf(request, access);
      const message = key === null ? null : (notes.draft(chat, key.message)?.shown ?? null);
      boards.open({ run, request, chat, message });
    }
  }

  async #chatsOf(event: Event, access: ChannelAccess): Promise<readonly number[]> {
    const state = await access.run(event.run);
    return state === null ? [] : this.#chats(state.requestId, access);
  }

  /** What was asked for in a chat is told there; what came from elsewhere, in all of them. */
  #chats(request: string | null, access: ChannelAccess): readonly number[] {
    const { chats, users } = this.#settings;
    if (users.length === 0) return [];
    const draft = this.#draftOf(request, access);
    return draft === null ? chats : chats.filter((chat) => chat === draft.chat);
  }

  #draftOf(request: string | null, access: ChannelAccess) {
    const known = request === null ? null : access.request(request);
    return known?.source === this.name && known.key !== null
      ? draftOfKey(this.#bot.id, known.key)
      : null;
  }
}

export default (settings: TelegramSettings): Channel => new Telegram(settings);
