import { jsonText } from "../../core/plain-text.ts";
import { isSettled, type Origin } from "../../core/queue/request.ts";
import { outward } from "../event-line.ts";
import { answerSchema, read, readAsk } from "./asks.ts";
import type { Feed } from "./feed.ts";
import { type Operations, requestView } from "./operations.ts";
import { Refusal, refusalJson, refusalOf } from "./refusal.ts";

/** What a connection sends by. */
export interface Line {
  /** False when the other side has not taken what was sent before: then nothing is sent until it has. */
  send(text: string): boolean;
  close(): void;
}

/** What a connection works on. */
export interface SocketParts {
  readonly operations: Operations;
  readonly feed: Feed;
  readonly origin: Origin;
  /** Throws `Refusal` when messages come too fast. */
  readonly pace: () => void;
  /** Told of every message, and what became of it. */
  readonly onAnswer: (method: string, refusal: Refusal | null, request: string | null) => void;
}

/** What a connection follows, under the name that its sender gave it. */
interface Followed {
  /** A request, until it has ended; null: events alone. */
  readonly id: string | null;
  /** The run whose events are sent; null: those of all. */
  readonly run: string | null;
  /** The place in the log up to which its events were sent. */
  place: number;
}

/** Requests and runs that one connection may follow at once, and events that it is sent in one turn. */
const followedMax = 256;
const turnMax = 100;

/** What a message must look like. */
interface Message {
  readonly requestId: string;
  readonly method: string;
  readonly params: unknown;
}

/**
 * One connection for any number of requests. Each message to it has a `requestId` of the sender's choice, a `method` and `params`;
 * each message from it carries the same `requestId`: the `result` or the `error`, and for a request that is followed every `event`
 * of its run and at last `settled`. `events` follows one run, or all there are, until `leave`. What it has not taken is not read from the log either.
 */
export class Connection {
  readonly #line: Line;
  readonly #parts: SocketParts;
  readonly #followed = new Map<string, Followed>();
  #isFull = false;
  readonly #leave: () => void;

  constructor(line: Line, parts: SocketParts) {
    this.#line = line;
    this.#parts = parts;
    this.#leave = parts.feed.onMore(() => this.#readOn());
  }

  /** Takes a message. Never throws: what is wrong with it is its answer. */
  async take(text: string): Promise<void> {
    let message: Message | null = null;
    try {
      this.#parts.pace();
      message = readMessage(text);
      const { requestId } = message;
      const result = await this.#answer(message);
      this.#parts.onAnswer(message.method, null, requestOf(result));
      this.#send({ requestId, type: "result", result });
      this.#readOn();
    } catch (error) {
      const refusal = refusalOf(error) ?? new Refusal(500, "INTERNAL", "this is a fault in `ra`");
      this.#parts.onAnswer(message?.method ?? "?", refusal, null);
      this.#send({ requestId: message?.requestId ?? null, type: "error", ...refusalJson(refusal) });
      if (refusalOf(error) === null) throw error;
    }
  }

  /** The other side has taken what was sent. */
  drained(): void {
    this.#isFull = false;
    this.#readOn();
  }

  close(): void {
    this.#leave();
    this.#followed.clear();
  }

  async #answer({ requestId, method, params }: Message): Promise<object> {
    const { operations, origin } = this.#parts;
    const { id = "", task = null, before } = fieldsOf(params);
    switch (method) {
      case "dispatch": {
        const { key, ...ask } = fieldsOf(params);
        const accepted = operations.dispatch(readAsk(ask), origin, key ?? null);
        const [request] = accepted.requests;
        if (request === undefined) throw new Refusal(500, "INTERNAL", "nothing was accepted");
        this.#follow(requestId, { id: request.id, run: request.run, place: 0 });
        return requestView(request);
      }
      case "follow": {
        const place = placeIn(params) ?? 0;
        const request = operations.requestOf(id);
        this.#follow(requestId, { id, run: request.run, place });
        return requestView(request);
      }
      case "events": {
        const run = id === "" ? null : operations.runId(id);
        const place = placeIn(params) ?? (run === null ? this.#parts.feed.end : 0);
        this.#follow(requestId, { id: null, run, place });
        return { run, after: place };
      }
      case "leave":
        return { left: this.#followed.delete(requestId) };
      case "cancel":
        return operations.cancel(id, origin);
      case "continue":
        return operations.continue(id, origin);
      case "stop":
        return operations.stop(id, task, origin);
      case "answer":
        return operations.answer(id, readAnswer(params), origin);
      case "questions":
        return operations.questions();
      case "queue":
        return operations.queue();
      case "plans":
        return operations.plans();
      case "processes":
        return operations.processes();
      case "runs":
        return operations.runs(before);
      case "run":
        return operations.run(id);
      default:
        throw new Refusal(404, "UNKNOWN", `there is no method \`${method}\``);
    }
  }

  #follow(requestId: string, followed: Followed): void {
    if (this.#followed.has(requestId)) {
      throw new Refusal(409, "NAME_USED", `\`${requestId}\` already stands for a request`);
    }
    if (this.#followed.size >= followedMax) {
      throw new Refusal(429, "TOO_MANY", `${followedMax} requests are followed already`);
    }
    this.#followed.set(requestId, followed);
  }

  /** Sends what there is behind each place, as far as the other side takes it. */
  #readOn(): void {
    const { operations, feed } = this.#parts;
    for (const [requestId, followed] of this.#followed) {
      while (!this.#isFull) {
        const request = followed.id === null ? null : operations.requestOf(followed.id);
        const events = feed.after(followed.place, request?.run ?? followed.run, turnMax);
        for (const event of events) {
          followed.place = event.seq;
          this.#send({ requestId, type: "event", event: outward(event) });
        }
        if (events.length === turnMax) continue;
        if (request !== null && isSettled(request)) {
          this.#followed.delete(requestId);
          this.#send({ requestId, type: "settled", request: requestView(request) });
        }
        break;
      }
    }
  }

  #send(message: object): void {
    if (!this.#line.send(jsonText({ v: 1, ...message }))) this.#isFull = true;
  }
}

function readMessage(text: string): Message {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal(400, "BAD_BODY", "the message is not JSON");
  }
  const { requestId, method, params = {} } = (value ?? {}) as Partial<Message>;
  if (typeof requestId !== "string" || !/^[\x21-\x7e]{1,100}$/.test(requestId)) {
    throw new Refusal(400, "BAD_BODY", "`requestId` must be a text of 1 to 100 visible characters");
  }
  if (typeof method !== "string") throw new Refusal(400, "BAD_BODY", "`method` must be a text");
  if (typeof params !== "object" || params === null) {
    throw new Refusal(400, "BAD_BODY", "`params` must be an object");
  }
  return { requestId, method: method.slice(0, 40), params };
}

function readAnswer(params: unknown): string {
  const { answer } = params as { readonly answer?: unknown };
  return read(answerSchema, answer === undefined ? {} : { answer }).answer;
}

/** The texts that methods take, as far as they are texts. */
function fieldsOf(params: unknown): {
  readonly id?: string;
  readonly task?: string;
  readonly key?: string;
  readonly before?: string;
} {
  const fields = { ...(params as Record<string, unknown>) };
  for (const name of ["id", "task", "key", "before"]) {
    const value = fields[name];
    if (value !== undefined && (typeof value !== "string" || !/^[\x21-\x7e]{1,200}$/.test(value)))
      throw new Refusal(
        400,
        "BAD_BODY",
        `\`${name}\` must be a text of 1 to 200 visible characters`,
      );
  }
  return fields;
}

/** The `seq` behind which events are wanted. */
function placeIn(params: unknown): number | null {
  const { after } = params as { readonly after?: unknown };
  return Number.isSafeInteger(after) ? Number(after) : null;
}

function requestOf(result: object): string | null {
  return "id" in result && "run" in result && typeof result.id === "string" ? result.id : null;
}
