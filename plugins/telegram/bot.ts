import type { InlineKeyboardButton, Update } from "grammy/types";
// The build for the web: it uses the runtime's own `fetch` and brings no other one along.
import { Api, GrammyError, InputFile } from "grammy/web";
import { shortened, type Words } from "./words.ts";

/** Rows of buttons below a message. */
export type Buttons = readonly (readonly InlineKeyboardButton[])[];

/** Why the Bot API did not do what it was asked. */
export class BotError extends Error {
  override readonly name = "BotError";
  /**
   * `refused`: it would never do it. `rest`: it was asked too often. `conflict`: another program reads the updates. `token`: it
   * does not know the token. `broken`: the line, or the other side.
   */
  readonly kind: "refused" | "rest" | "conflict" | "token" | "broken";
  /** For `rest`: how long, in milliseconds. */
  readonly waitMs: number;

  constructor(kind: BotError["kind"], message: string, waitMs = 0) {
    super(message);
    this.kind = kind;
    this.waitMs = waitMs;
  }
}

/** How long one call may take, and how long the other side holds a question for news, in milliseconds. */
const callMs = 15_000;
const pollMs = 30_000;

/** What a call under way gets when the channel is to end, in milliseconds. */
const sendGraceMs = 500;

/** Longest words on a button, and those that pop up after one was pressed. */
const popUpMax = 200;

/** Where a message goes, and how. */
export interface Delivery {
  readonly buttons?: Buttons;
  /** The message that it answers. */
  readonly to?: number | null;
  /** Without a sound. */
  readonly silent?: boolean;
}

/**
 * The calls to the Bot API. While it asks for rest, calls that send wait. What is thrown is a `BotError` whose message holds no
 * address, as the token is part of every address.
 */
export class Bot {
  /** Its number, which is no secret. */
  readonly id: string;
  readonly #api: Api;
  readonly #token: string;
  #restUntil = 0;
  /** Ends with the last call that has its turn. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(token: string, server: string | null) {
    this.id = token.split(":", 1)[0] ?? "";
    this.#token = token;
    this.#api = new Api(token, {
      ...(server === null ? {} : { apiRoot: server }),
      // A server that sends elsewhere would send the token along.
      baseFetchConfig: { redirect: "error" },
    });
  }

  /** What people sent from a number on; waits a while for it. */
  async updates(offset: number | null, signal: AbortSignal): Promise<readonly Update[]> {
    const asked = {
      ...(offset === null ? {} : { offset }),
      timeout: pollMs / 1_000,
      limit: 100,
      allowed_updates: ["message", "callback_query"] as const,
    };
    return await this.#once((at) => this.#api.getUpdates(asked, at), signal, {
      limitMs: pollMs + callMs,
      graceMs: 0,
    });
  }

  /** Sends a message; gives its number. */
  async send(
    chat: number,
    { text, entities }: Words,
    { buttons, to, silent }: Delivery,
    signal: AbortSignal,
  ): Promise<number> {
    const sent = await this.#rested(
      (at) =>
        this.#api.sendMessage(
          chat,
          text,
          {
            entities: [...entities],
            link_preview_options: { is_disabled: true },
            ...(silent ? { disable_notification: true } : {}),
            ...answering(to),
            ...(buttons === undefined ? {} : { reply_markup: keyboard(buttons) }),
          },
          at,
        ),
      signal,
    );
    return sent.message_id;
  }

  /** Sends a text as a file. */
  async sendFile(
    chat: number,
    file: { readonly name: string; readonly text: string; readonly caption: Words },
    signal: AbortSignal,
  ): Promise<void> {
    const { name, text, caption } = file;
    await this.#rested(
      (at) =>
        this.#api.sendDocument(
          chat,
          new InputFile(new TextEncoder().encode(text), name),
          { caption: caption.text, caption_entities: [...caption.entities] },
          at,
        ),
      signal,
    );
  }

  /** Shows something else in a message, with these buttons alone. False: the message is not there any more. */
  async edit(
    place: { readonly chat: number; readonly message: number },
    { text, entities }: Words,
    buttons: Buttons,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { chat, message } = place;
    const other = {
      entities: [...entities],
      link_preview_options: { is_disabled: true },
      reply_markup: keyboard(buttons),
    };
    try {
      await this.#rested((at) => this.#api.editMessageText(chat, message, text, other, at), signal);
      return true;
    } catch (error) {
      if (!(error instanceof BotError) || error.kind !== "refused") throw error;
      return error.message.includes("not modified");
    }
  }

  /** Tells the one who pressed a button what became of it. */
  async popUp(query: string, text: string, signal: AbortSignal): Promise<void> {
    const other = { text: shortened(text, popUpMax), show_alert: text.length > 40 };
    await this.#rested((at) => this.#api.answerCallbackQuery(query, other, at), signal);
  }

  /** Calls one after the other, each when there is no need for rest, and again after one. */
  async #rested<T>(call: (signal: never) => Promise<T>, signal: AbortSignal): Promise<T> {
    const before = this.#last;
    let done = (): void => {};
    const turn = new Promise<void>((resolve) => {
      done = resolve;
    });
    this.#last = before.then(() => turn);
    try {
      await orAborted(before, signal);
      return await this.#untilTaken(call, signal);
    } finally {
      done();
    }
  }

  async #untilTaken<T>(call: (signal: never) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      await pause(this.#restUntil - performance.now(), signal);
      try {
        // What is half sent is better finished, so that it is not sent again.
        return await this.#once(call, signal, { limitMs: callMs, graceMs: sendGraceMs });
      } catch (error) {
        if (!(error instanceof BotError) || error.kind !== "rest") throw error;
        this.#restUntil = performance.now() + error.waitMs;
      }
    }
  }

  /** `graceMs`: what a call under way gets when the signal aborts. */
  async #once<T>(
    call: (signal: never) => Promise<T>,
    signal: AbortSignal,
    { limitMs, graceMs }: { readonly limitMs: number; readonly graceMs: number },
  ): Promise<T> {
    signal.throwIfAborted();
    const end = new AbortController();
    const stop = (): void => end.abort();
    const limit = setTimeout(stop, limitMs);
    const wane = (): void => void setTimeout(stop, graceMs);
    signal.addEventListener("abort", wane, { once: true });
    try {
      return await call(end.signal as never);
    } catch (error) {
      signal.throwIfAborted();
      throw this.#told(error);
    } finally {
      clearTimeout(limit);
      signal.removeEventListener("abort", wane);
    }
  }

  #told(error: unknown): BotError {
    if (!(error instanceof GrammyError))
      return new BotError("broken", "the Bot API cannot be reached, or broke off");
    const said = error.description.replaceAll(this.#token, "TOKEN");
    switch (error.error_code) {
      case 429:
        return new BotError("rest", said, 1_000 * Math.max(1, error.parameters.retry_after ?? 1));
      case 409:
        return new BotError("conflict", `another program reads what the bot is sent: ${said}`);
      case 401:
      case 404:
        return new BotError("token", `the Bot API does not know the token: ${said}`);
      case 400:
      case 403:
        return new BotError("refused", said);
      default:
        return new BotError("broken", said);
    }
  }
}

function keyboard(buttons: Buttons): { inline_keyboard: InlineKeyboardButton[][] } {
  return { inline_keyboard: buttons.map((row) => [...row]) };
}

function answering(message: number | null | undefined): object {
  if (message == null) return {};
  return { reply_parameters: { message_id: message, allow_sending_without_reply: true } };
}

/** As the work ends, or as soon as the signal aborts. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let leave = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason);
    signal.addEventListener("abort", leave);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}

/** Waits; throws when the signal aborts meanwhile. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (ms <= 0) return;
  await new Promise<void>((resolve, reject) => {
    const leave = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", leave);
      resolve();
    }, ms);
    signal.addEventListener("abort", leave, { once: true });
  });
}
