import { createHmac } from "node:crypto";
import type { Channel, ChannelAccess, Event } from "../core/plugin/index.ts";

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
}

const pacesDefault: Paces = { failuresMax: 8, restMs: 5 * 60_000 };

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

  constructor({ url, secret, events, paces, monotonic }: WebhookSettings) {
    this.#url = new URL(url);
    this.#key = keyOf(secret);
    this.#paces = { ...pacesDefault, ...paces };
    this.#monotonic = monotonic ?? (() => performance.now());
    if (events !== null) this.wants = events;
  }

  async deliver(event: Event, signal: AbortSignal, access: ChannelAccess): Promise<void> {
    if (this.#monotonic() < this.#restsUntil)
      throw new Error(`${this.#url.host} is left alone for a while`);
    try {
      await this.#send(event, signal);
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      const { failuresMax, restMs } = this.#paces;
      if (this.#failures >= failuresMax) {
        this.#restFor(restMs);
        if (this.#failures === failuresMax)
          access.tell(
            `${this.#url.host} failed ${failuresMax} times in a row, and is asked again every ${Math.round(restMs / 1_000)} s; events wait`,
          );
      }
      throw error;
    }
  }

  async #send(event: Event, signal: AbortSignal): Promise<void> {
    const body = JSON.stringify(event);
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
    const moved = status >= 300 && status < 400 ? ", and redirects are not followed" : "";
    throw new Error(`${this.#url.host} answered ${status}${moved}`);
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

function keyOf(secret: string): Uint8Array {
  return secret.startsWith("whsec_")
    ? Buffer.from(secret.slice(6), "base64")
    : Buffer.from(secret, "utf8");
}

/** A webhook of the user's. */
export default function webhook(settings: WebhookSettings): Channel {
  return new Webhook(settings);
}
