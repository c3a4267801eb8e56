import { createHmac } from "node:crypto";
import type { Channel, ChannelAccess, Event } from "../core/plugin/index.ts";
import { bodyOf } from "./webhook/body.ts";

/** What a webhook needs. */
export interface WebhookSettings {
  readonly url: string;
  /** Signs what is sent. `whsec_` and base64, or any other text as it is. */
  readonly secret: string;
  /** Types of events that are sent; null: all. */
  readonly events: readonly Event["type"][] | null;
  readonly paces?: Partial<Paces>;
  /** Milliseconds from a fixed start. */
  readonly monotonic?: () => number;
}

interface Paces {
  /** Failures in a row after which it is left alone, and for how long, in milliseconds. */
  readonly failuresMax: number;
  readonly restMs: number;
  /** Times that an event is refused for good before it is put aside. */
  readonly refusalsMax: number;
}

const pacesDefault: Paces = { failuresMax: 8, restMs: 5 * 60_000, refusalsMax: 8 };

/** The receiver has answered, and not with 2xx. */
class Refused extends Error {
  readonly status: number;

  constructor(host: string, status: number) {
    const moved = status >= 300 && status < 400 ? ", and redirects are not followed" : "";
    super(`${host} answered ${status}${moved}`);
    this.status = status;
  }

  /** Whether the same event will be refused again, as far as the answer tells. */
  get isForGood(): boolean {
    return this.status >= 400 && this.status < 500 && this.status !== 408 && this.status !== 429;
  }
}

/** How often the event that is refused now has been refused, kept over a restart. */
interface Refusals {
  readonly seq: number;
  readonly count: number;
}

/** Events as they happen, sent to an address of the user's, signed as Standard Webhooks has it. */
class Webhook implements Channel {
  readonly name = "webhook";
  readonly wants?: readonly Event["type"][];
  readonly #url: URL;
  readonly #key: Uint8Array;
  readonly #paces: Paces;
  readonly #monotonic: () => number;
  #failures = 0;
  /** Until when nothing is sent. */
  #restsUntil = Number.NEGATIVE_INFINITY;
  #hasToldOfRest = false;
  #isGone = false;

  constructor({ url, secret, events, paces, monotonic }: WebhookSettings) {
    this.#url = new URL(url);
    this.#key = keyOf(secret);
    this.#paces = { ...pacesDefault, ...paces };
    this.#monotonic = monotonic ?? (() => performance.now());
    if (events !== null) this.wants = events;
  }

  async deliver(event: Event, signal: AbortSignal, access: ChannelAccess): Promise<void> {
    const { host } = this.#url;
    if (this.#isGone) throw new Error(`${host} is gone`);
    if (this.#monotonic() < this.#restsUntil) throw new Error(`${host} is left alone for a while`);
    try {
      await this.#send(event, signal);
      this.#failures = 0;
      this.#hasToldOfRest = false;
    } catch (error) {
      this.#failures += 1;
      if (error instanceof Refused && error.isForGood && this.#giveUp(event, error.status, access))
        return;
      if (!this.#isGone && this.#failures >= this.#paces.failuresMax) this.#rest(access);
      throw error;
    }
  }

  /** Whether an event that was refused for good counts as done. */
  #giveUp(event: Event, status: number, access: ChannelAccess): boolean {
    const { host } = this.#url;
    if (status === 410) {
      access.refused(event, status, "gone");
      this.#isGone = true;
      access.tell(
        `${host} says that it is gone (410): nothing is sent any more until the next start`,
      );
      return false;
    }
    const known = refusalsOf(access.recall());
    const count = known?.seq === event.seq ? known.count + 1 : 1;
    const { refusalsMax } = this.#paces;
    if (count < refusalsMax) {
      access.note({ refused: { seq: event.seq, count } });
      return false;
    }
    access.refused(event, status, "aside");
    access.tell(
      `${host} refused event ${event.seq} (${event.type} of run ${event.run}) ${count} times, the last time with ${status}; it is put aside`,
    );
    return true;
  }

  #rest(access: ChannelAccess): void {
    const { failuresMax, restMs } = this.#paces;
    this.#restFor(restMs);
    if (this.#hasToldOfRest) return;
    this.#hasToldOfRest = true;
    access.tell(
      `${this.#url.host} failed ${failuresMax} times in a row, and is asked again every ${Math.round(restMs / 1_000)} s; events wait`,
    );
  }

  async #send(event: Event, signal: AbortSignal): Promise<void> {
    const body = bodyOf(event);
    const id = `ra_${event.seq}`;
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signed = createHmac("sha256", this.#key).update(`${id}.${timestamp}.${body}`);
    const headers = {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${signed.digest("base64")}`,
    };
    const response = await this.#answer({ method: "POST", headers, body, signal });
    // What is said besides the status is never read, however much it is.
    await response.body?.cancel().catch(() => {});
    if (response.ok) return;
    const { status } = response;
    const waitS = Number(response.headers.get("retry-after"));
    if ((status === 429 || status === 503) && waitS > 0)
      this.#restFor(Math.min(waitS * 1_000, this.#paces.restMs));
    throw new Refused(this.#url.host, status);
  }

  async #answer(init: RequestInit): Promise<Response> {
    try {
      return await fetch(this.#url, { ...init, redirect: "manual" });
    } catch (error) {
      // The path of the address may be a secret: the words of others may hold it.
      const isLate = init.signal?.aborted === true;
      const code = (error as { code?: unknown }).code;
      const why = typeof code === "string" ? ` (${code})` : "";
      throw new Error(
        isLate
          ? `${this.#url.host} did not answer in time`
          : `${this.#url.host} is not reached${why}`,
      );
    }
  }

  #restFor(ms: number): void {
    this.#restsUntil = this.#monotonic() + ms;
  }
}

function refusalsOf(noted: unknown): Refusals | null {
  const refused = (noted as { readonly refused?: Partial<Refusals> } | undefined)?.refused;
  const { seq, count } = refused ?? {};
  return typeof seq === "number" && typeof count === "number" ? { seq, count } : null;
}

function keyOf(secret: string): Uint8Array {
  return secret.startsWith("whsec_")
    ? Buffer.from(secret.slice(6), "base64")
    : Buffer.from(secret, "utf8");
}

/** A webhook of the user's. */
export default function webhook(settings: WebhookSettings): Channel {
  return new Webhook(settings);
}
