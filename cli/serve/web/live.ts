import type { Event } from "../../../core/run/event.ts";
import { Cell } from "./cell.ts";
import { ask, session } from "./session.ts";

/** How the line to the gateway stands. */
export type LineState = "connecting" | "live" | "reconnecting";

/** Waits between two tries, and how long the line may be silent before it counts as cut, in milliseconds. */
const waitsMs = [300, 1_000, 2_000, 4_000, 8_000] as const;
const beatMs = 15_000;
const silenceMs = 35_000;

interface Follower {
  /** Null: all runs, from now on. */
  readonly run: string | null;
  after: number | null;
  readonly take: (event: Event) => void;
  readonly refuse: (message: string) => void;
}

interface Told {
  readonly requestId: string | null;
  readonly type: "result" | "error" | "event" | "settled";
  readonly event?: Event;
  readonly result?: { readonly after?: number };
  readonly error?: { readonly message: string };
}

/** One WebSocket for everything that the page follows. After a cut each is followed on behind the last event that came. */
class Line {
  readonly state = new Cell<LineState>("connecting");
  readonly #followers = new Map<string, Follower>();
  #socket: WebSocket | null = null;
  #names = 0;
  #tries = 0;
  #heardAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Follows the events of a run, or of all. Gives the way to stop. */
  follow(
    run: string | null,
    take: (event: Event) => void,
    refuse: (message: string) => void = () => {},
  ): () => void {
    this.#names += 1;
    const name = `f${this.#names}`;
    const follower = { run, after: null, take, refuse };
    this.#followers.set(name, follower);
    this.#begin(name, follower);
    return () => {
      this.#followers.delete(name);
      this.#send({ requestId: name, method: "leave" });
    };
  }

  /** Connects, and from then on again after each cut, as long as there is a session. */
  open(): void {
    clearTimeout(this.#timer);
    const token = session.value;
    if (token === null || this.#socket !== null) return;
    const url = `${location.origin.replace(/^http/, "ws")}/api/socket`;
    const socket = new WebSocket(url, ["ra", `bearer.${token}`]);
    this.#socket = socket;
    this.#heardAt = Date.now();
    const beat = setInterval(() => this.#beat(), beatMs);
    socket.onopen = () => {
      this.#tries = 0;
      this.#heardAt = Date.now();
      for (const [name, follower] of this.#followers) this.#begin(name, follower);
      this.state.set("live");
    };
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data as string) as Told);
    socket.onclose = () => {
      clearInterval(beat);
      this.#socket = null;
      this.#again();
    };
  }

  #again(): void {
    if (session.value === null) return;
    this.state.set("reconnecting");
    // A browser does not tell why a WebSocket was refused: a session that has ended shows here.
    void ask("/api/plans").catch(() => {});
    const waitMs = waitsMs[Math.min(this.#tries, waitsMs.length - 1)];
    this.#tries += 1;
    this.#timer = setTimeout(() => this.open(), waitMs);
  }

  #beat(): void {
    if (Date.now() - this.#heardAt > silenceMs) this.#socket?.close();
    else this.#send({ requestId: "beat", method: "plans" });
  }

  #begin(name: string, { run, after }: Follower): void {
    const params = { ...(run === null ? {} : { id: run }), ...(after === null ? {} : { after }) };
    this.#send({ requestId: name, method: "events", params });
  }

  #send(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #take({ requestId, type, event, result, error }: Told): void {
    this.#heardAt = Date.now();
    const follower = this.#followers.get(requestId ?? "");
    if (follower === undefined) return;
    if (type === "event" && event !== undefined) {
      follower.after = event.seq;
      follower.take(event);
    } else if (type === "result") follower.after ??= result?.after ?? null;
    else if (type === "error") follower.refuse(error?.message ?? "");
  }
}

/** The line of this page. */
export const line = new Line();
