import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  asObject,
  buttonsOf,
  demandFit,
  paramsOf,
  Refused,
  type TestButton,
} from "./bot-params.ts";
import { onTestEnd } from "./leftovers.ts";
import { until } from "./repository.ts";

/** The token of the bot there is. */
export const botToken = `4711:${"t".repeat(35)}`;

/** A message of the bot, as it stands. */
export interface BotMessage {
  readonly id: number;
  readonly chat: number;
  text: string;
  buttons: readonly TestButton[];
  readonly to: number | null;
  readonly silent: boolean;
  readonly entities: readonly { readonly type: string }[];
  readonly file: { readonly name: string; readonly text: string } | null;
}

/** A call that came, and when. */
export interface BotCall {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly atMs: number;
}

/** What goes wrong with the next calls of a method. */
type Fault =
  | { readonly code: number; readonly description: string; readonly retryAfter?: number }
  /** The connection ends before there is an answer, or after the call has been obeyed. */
  | "cut"
  /** The answer of a proxy in between. */
  | "garbage"
  | "cut-late";

/** Somebody in a chat. */
export interface Person {
  readonly user: number;
  readonly chat: number;
}

/** A Bot API server on this machine, with the chats of the test. It is as strict as Telegram where that matters. */
export class BotServer {
  readonly calls: BotCall[] = [];
  readonly messages: BotMessage[] = [];
  readonly popUps: string[] = [];
  /** Updates that were not confirmed yet. */
  #updates: Record<string, unknown>[] = [];
  #confirmed = 0;
  #newest: Record<string, unknown> | null = null;
  #update = 100;
  #message = 0;
  #faults = new Map<string, Fault[]>();
  #poller: ((end: "more" | "conflict" | "over") => void) | null = null;
  /** When set, what was confirmed comes again and again. */
  #stuck: { readonly update: Record<string, unknown>; left: number } | null = null;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  static async start(): Promise<BotServer> {
    const server = new BotServer();
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    onTestEnd(async () => {
      server.#poller?.("over");
      server.#server.closeAllConnections();
      await new Promise((resolve) => server.#server.close(resolve));
    });
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next calls of a method go wrong, one after the other. */
  fail(method: string, ...faults: readonly Fault[]): void {
    this.#faults.set(method, [...(this.#faults.get(method) ?? []), ...faults]);
  }

  /** Somebody writes. Gives the number of the message. */
  say({ user, chat }: Person, text: string, more: object = {}): number {
    this.#message += 1;
    const message = {
      ...{ message_id: this.#message, date: 1_800_000_000, text },
      from: { id: user, is_bot: false, first_name: "Ada" },
      chat: { id: chat, type: chat > 0 ? "private" : "group" },
      ...more,
    };
    this.push({ message });
    return message.message_id;
  }

  /** Somebody presses a button of a message. */
  press({ user, chat }: Person, message: BotMessage, words: string): void {
    const data = message.buttons.find(({ text }) => text.startsWith(words))?.callback_data;
    if (data === undefined) throw new Error(`no button ${words} below: ${message.text}`);
    this.pressData({ user, chat }, message.id, data);
  }

  pressData({ user, chat }: Person, message: number, data: string): void {
    const query = {
      ...{ id: `q${this.#update}`, chat_instance: "1", data },
      from: { id: user, is_bot: false, first_name: "Ada" },
      message: {
        ...{ message_id: message, date: 1_800_000_000, text: "?" },
        from: { id: 4711, is_bot: true, first_name: "ra" },
        chat: { id: chat, type: chat > 0 ? "private" : "group" },
      },
    };
    this.push({ callback_query: query });
  }

  /** An update of any kind. */
  push(update: object): void {
    this.#update += 1;
    this.#newest = { update_id: this.#update, ...update };
    this.#updates.push(this.#newest);
    this.#poller?.("more");
  }

  /** The newest update comes so many times more, confirmed or not. */
  repeat(times: number): void {
    if (this.#newest !== null) this.#stuck = { update: this.#newest, left: times };
    this.#poller?.("more");
  }

  /** True when everything was taken. */
  get isIdle(): boolean {
    return this.#updates.length === 0 && this.#stuck === null;
  }

  /** Waits for a message of the bot. */
  async message(holds: (message: BotMessage) => boolean, what: string): Promise<BotMessage> {
    let found: BotMessage | undefined;
    await until(() => {
      found = this.messages.findLast(holds);
      return found !== undefined;
    }, what).catch((error: Error) => {
      const shown = this.messages.map(({ id, text }) => `${id}: ${text}`);
      throw new Error([error.message, ...shown, ...this.popUps].join("\n"));
    });
    return found as BotMessage;
  }

  made(method: string): readonly BotCall[] {
    return this.calls.filter((call) => call.method === method);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, token, method = ""] = /^\/bot([^/]+)\/(\w+)$/.exec(request.url ?? "") ?? [];
    const params = await paramsOf(request);
    if (method !== "getUpdates") this.calls.push({ method, params, atMs: performance.now() });
    const fault = this.#faults.get(method)?.shift();
    if (fault === "cut") {
      request.socket.destroy();
      return;
    }
    let status = 200;
    let body: object;
    try {
      if (token !== botToken) throw new Refused(401, "Unauthorized");
      if (typeof fault === "object") {
        const { retryAfter } = fault;
        const wait = retryAfter === undefined ? {} : { retry_after: retryAfter };
        throw new Refused(fault.code, fault.description, wait);
      }
      body = { ok: true, result: await this.#do(method, params) };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { code, message, parameters } = error;
      status = code;
      body = { ok: false, error_code: code, description: message, parameters };
    }
    if (fault === "cut-late") {
      request.socket.destroy();
      return;
    }
    if (fault === "garbage") {
      response.writeHead(502, { "content-type": "text/html" });
      response.end("<html>Bad Gateway</html>");
      return;
    }
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  }

  async #do(method: string, params: Readonly<Record<string, unknown>>): Promise<unknown> {
    switch (method) {
      case "getUpdates":
        return await this.#getUpdates(params);
      case "sendMessage":
      case "sendDocument":
        return this.#send(params);
      case "editMessageText":
        return this.#edit(params);
      case "answerCallbackQuery":
        this.popUps.push(String(params.text));
        return true;
      default:
        throw new Refused(404, "Not Found");
    }
  }

  /** One that comes while another waits ends that one with 409, as Telegram does. */
  async #getUpdates({ offset, timeout }: Readonly<Record<string, unknown>>): Promise<unknown> {
    this.#poller?.("conflict");
    if (offset !== undefined) {
      this.#confirmed = Math.max(this.#confirmed, Number(offset));
      this.#updates = this.#updates.filter(({ update_id: id }) => Number(id) >= this.#confirmed);
    }
    const waits = this.#updates.length === 0 && this.#stuck === null;
    const end = waits ? await this.#more(Number(timeout ?? 0)) : "more";
    if (end === "conflict")
      throw new Refused(409, "Conflict: terminated by other getUpdates request");
    if (this.#stuck !== null) {
      const { update } = this.#stuck;
      this.#stuck.left -= 100;
      if (this.#stuck.left <= 0) this.#stuck = null;
      return Array.from({ length: 100 }, () => update);
    }
    return this.#updates.slice(0, 100);
  }

  #more(seconds: number): Promise<"more" | "conflict" | "over"> {
    return new Promise((resolve) => {
      const done = (end: "more" | "conflict" | "over"): void => {
        clearTimeout(timer);
        if (this.#poller === done) this.#poller = null;
        resolve(end);
      };
      const timer = setTimeout(() => done("over"), 1_000 * seconds);
      this.#poller = done;
    });
  }

  #send(params: Readonly<Record<string, unknown>>): object {
    const { file = null, text = "", caption = "" } = params;
    const shown = file === null ? String(text) : String(caption);
    demandFit(shown, file === null ? 4_096 : 1_024);
    this.#message += 1;
    const reply = asObject(params.reply_parameters).message_id;
    const message: BotMessage = {
      ...{ id: this.#message, chat: Number(params.chat_id), text: shown },
      buttons: buttonsOf(params),
      to: reply === undefined ? null : Number(reply),
      silent: params.disable_notification === true,
      entities: (params.entities ?? []) as BotMessage["entities"],
      file: file as BotMessage["file"],
    };
    if (message.chat === 0) throw new Refused(400, "Bad Request: chat not found");
    this.messages.push(message);
    return { message_id: message.id, date: 1, chat: { id: message.chat, type: "private" } };
  }

  #edit(params: Readonly<Record<string, unknown>>): object {
    const found = this.messages.find(
      ({ id, chat }) => id === Number(params.message_id) && chat === Number(params.chat_id),
    );
    if (found === undefined) throw new Refused(400, "Bad Request: message to edit not found");
    const text = String(params.text);
    const buttons = buttonsOf(params);
    demandFit(text, 4_096);
    if (text === found.text && JSON.stringify(buttons) === JSON.stringify(found.buttons))
      throw new Refused(400, "Bad Request: message is not modified");
    found.text = text;
    found.buttons = buttons;
    return { message_id: found.id, date: 1, chat: { id: found.chat, type: "private" }, text };
  }
}
