import type {
  ChannelAccess,
  ChannelAsk,
  ChannelReply,
  ChannelRequest,
} from "../../core/plugin/channel.ts";
import type { Origin } from "../../core/queue/request.ts";
import { cursorOf, moveCursor } from "../../core/registry/cursors.ts";
import type { Event } from "../../core/run/event.ts";
import { outward } from "../event-line.ts";
import { readAsk } from "./asks.ts";
import { channelAccess } from "./channel-access.ts";
import type { ChannelParts } from "./channel-parts.ts";
import { requestView } from "./operations.ts";
import { Refusal, refusalOf } from "./refusal.ts";

/** How long one delivery may take, and how much longer until it is given up, in milliseconds. */
const deadlineMs = 10_000;
const graceMs = 1_000;

/** The wait after a first failure and the longest one, in milliseconds; it doubles. */
const waitMs = 500;
const waitMaxMs = 60_000;

/** Events that are read at once. */
const turnMax = 100;

/**
 * Holds one channel: gives it events in order from where it had come, and takes what people ask by it into the queue. A channel
 * that is slow, throws or hangs is tried again and again; it holds up nobody but itself.
 */
export class ChannelHost {
  readonly #parts: ChannelParts;
  readonly #access: ChannelAccess;
  readonly #end = new AbortController();
  readonly #work: Promise<unknown>;

  constructor(parts: ChannelParts) {
    this.#parts = parts;
    this.#access = channelAccess(parts);
    this.#work = Promise.all([
      this.#untilEnd(() => this.#deliver()),
      this.#untilEnd(() => this.#take()),
    ]);
  }

  /** Gives and takes nothing more. */
  async close(): Promise<void> {
    this.#end.abort();
    await this.#work;
  }

  /** Does work over and over, with longer and longer waits while it fails. */
  async #untilEnd(work: () => Promise<boolean>): Promise<void> {
    const { clock } = this.#parts;
    const { signal } = this.#end;
    let hasFailed = false;
    for (let wait = waitMs; !signal.aborted; ) {
      const begun = clock.monotonic();
      try {
        if (!(await work())) return;
        wait = waitMs;
        hasFailed = false;
      } catch (error) {
        if (signal.aborted) return;
        // What went well for long has not failed before.
        if (clock.monotonic() - begun > waitMaxMs) {
          wait = waitMs;
          hasFailed = false;
        }
        // Once for each time that it breaks, not for each try.
        if (!hasFailed) this.#access.tell((error as Error).message);
        hasFailed = true;
        await clock.sleep(wait, signal);
        wait = Math.min(2 * wait, waitMaxMs);
      }
    }
  }

  /** Delivers what there is, then waits for more. */
  async #deliver(): Promise<boolean> {
    const { channel, feed, database } = this.#parts;
    const { signal } = this.#end;
    let cursor = cursorOf(database, channel.name);
    if (cursor === null) {
      // Whoever is new is not told of the past.
      cursor = feed.end;
      moveCursor(database, channel.name, cursor);
    }
    const events = feed.after(cursor, null, turnMax);
    let done = cursor;
    try {
      for (const event of events) {
        if (signal.aborted) break;
        if (channel.wants === undefined || channel.wants.includes(event.type))
          await this.#bring(event);
        done = event.seq;
      }
    } finally {
      if (done !== cursor) moveCursor(database, channel.name, done);
    }
    if (events.length === 0) await this.#more(cursor);
    return true;
  }

  async #bring(event: Event): Promise<void> {
    const { channel, tally } = this.#parts;
    const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(deadlineMs)]);
    let stop = (): void => {};
    let leave = (): void => {};
    const late = new Promise<never>((_, reject) => {
      const end = (): void => reject(new Error("a delivery took too long"));
      leave = () => {
        stop = this.#parts.clock.after(graceMs, end);
      };
      signal.addEventListener("abort", leave);
    });
    try {
      await Promise.race([channel.deliver(outward(event), signal, this.#access), late]);
    } catch (error) {
      if (!this.#end.signal.aborted) tally.missed(channel.name, "failed");
      throw error;
    } finally {
      signal.removeEventListener("abort", leave);
      stop();
    }
  }

  /** Resolves when there may be something behind a place. */
  #more(place: number): Promise<void> {
    const { feed } = this.#parts;
    const { signal } = this.#end;
    return new Promise((resolve) => {
      const done = (): void => {
        leave();
        signal.removeEventListener("abort", done);
        resolve();
      };
      const leave = feed.onMore(done);
      signal.addEventListener("abort", done);
      // It may have come between the last look and now.
      if (signal.aborted || feed.end > place) done();
    });
  }

  async #take(): Promise<boolean> {
    const { channel } = this.#parts;
    const { signal } = this.#end;
    const requests = channel.requests?.(signal, this.#access);
    if (requests === undefined) return false;
    for await (const request of requests) {
      await request.reply(await this.#answer(request));
      if (signal.aborted) return false;
    }
    if (!signal.aborted) throw new Error("it does not listen any more");
    return false;
  }

  async #answer(request: ChannelRequest): Promise<ChannelReply> {
    const { channel, audit, onTrouble } = this.#parts;
    const origin = { source: channel.name, sender: request.sender };
    const { kind } = request.ask;
    const visit = { source: channel.name, peer: request.sender, method: kind, route: channel.name };
    const note = (status: number, refusal: string | null, made: string | null): void =>
      audit.note({ ...visit, host: null, origin: null, status, refusal, request: made });
    try {
      const result = await this.#do(request.ask, request, origin);
      note(200, null, "id" in result && typeof result.id === "string" ? result.id : null);
      return { ok: true, result };
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === null) onTrouble(error);
      const { status, code, message, hint } =
        refusal ?? new Refusal(500, "INTERNAL", "this is a fault in `ra`");
      note(status, code, null);
      return { ok: false, code, message, hint: hint ?? null };
    }
  }

  async #do(ask: ChannelAsk, request: ChannelRequest, origin: Origin): Promise<object> {
    const { operations } = this.#parts;
    switch (ask.kind) {
      case "prompt":
      case "plan": {
        const { kind: _, ...asked } = ask;
        const { conversation, key } = request;
        const full = { ...asked, ...(conversation === null ? {} : { conversation }) };
        const { requests } = operations.dispatch(readAsk(full), origin, key);
        return requests[0] === undefined ? {} : requestView(requests[0]);
      }
      case "cancel":
        return operations.cancel(ask.request, origin);
      case "answer":
        return await operations.answer(ask.gate, ask.answer, origin);
      case "continue":
        return await operations.continue(ask.run, origin, ask.ended ?? null);
      case "stop":
        return await operations.stop(ask.run, ask.task ?? null, origin);
      case "logs":
        return await operations.logs(ask.run, ask.task ?? null);
      case "refused":
        throw new Refusal(403, ask.why, "whoever sent it may ask nothing");
      case "look":
        return operations[ask.at]();
    }
  }
}
