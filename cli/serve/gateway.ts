import { rmSync } from "node:fs";
import type { Server, ServerWebSocket } from "bun";
import { limits } from "../../core/limits.ts";
import { jsonText } from "../../core/plain-text.ts";
import type { Address } from "./address.ts";
import type { AuditTrail } from "./audit-trail.ts";
import { bodyOf } from "./body.ts";
import {
  admit,
  admitGuest,
  admitReader,
  answerHeaders,
  type Door,
  socketProtocol,
  tooFast,
} from "./door.ts";
import type { Feed } from "./feed.ts";
import { listen } from "./listen.ts";
import type { Tally } from "./metrics.ts";
import type { Operations } from "./operations.ts";
import { Refusal, refusalJson, refusalOf } from "./refusal.ts";
import { type Answer, match, queryOf, type Route } from "./route.ts";
import { Connection } from "./socket.ts";

/** What the gateway over HTTP works on. */
export interface GatewayParts {
  readonly address: Address;
  readonly door: Door;
  readonly routes: readonly Route[];
  readonly operations: Operations;
  readonly feed: Feed;
  readonly audit: AuditTrail;
  readonly tally: Tally;
  /** Told of bugs; nobody who asks is. */
  readonly onFault: (error: unknown) => void;
}

/** The path of the WebSocket. */
export const socketPath = "/api/socket";

/** WebSockets and streams of events that may be open. */
const openMax = 2_000;

/** Bytes that wait for a slow reader of a WebSocket at most. */
const backlogBytes = 1024 ** 2;

interface SocketData {
  readonly peer: string;
  connection: Connection | null;
}

/** Whence it is asked over HTTP; whoever holds the token is the user. */
const origin = { source: "http", sender: null } as const;

/** The gateway over HTTP. Whatever is not let in by name is refused, and both are noted. */
export class Gateway {
  readonly #parts: GatewayParts;
  readonly #server: Server<SocketData>;
  readonly #guestRoutes: readonly Route[];
  readonly #openRoutes: readonly Route[];
  #open = 0;

  /** Begins to listen. Throws `RaError` (exit 6) when the address is taken. */
  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.#guestRoutes = parts.routes.filter(({ forGuests }) => forGuests);
    this.#openRoutes = parts.routes.filter(({ forEverybody }) => forEverybody);
    this.#server = listen(parts.address, {
      // A bound for what slips past the reading of bodies, which tells why and is noted.
      maxRequestBodySize: 16 * limits.requestBytes,
      // Nobody is told where in `ra` something went wrong.
      development: false,
      fetch: (request: Request, server: Server<SocketData>) => this.#fetch(request, server),
      error: (error: unknown) => {
        parts.onFault(error);
        return this.#response({ status: 500, json: refusalJson(fault) });
      },
      websocket: {
        idleTimeout: 120,
        maxPayloadLength: limits.requestBytes,
        backpressureLimit: backlogBytes,
        closeOnBackpressureLimit: true,
        open: (socket) => this.#opened(socket),
        message: (socket, text) => this.#message(socket, text),
        drain: (socket) => socket.data.connection?.drained(),
        close: (socket) => {
          this.#open -= 1;
          socket.data.connection?.close();
        },
      },
    });
  }

  /** The port that it listens on; null on a socket of the file system. */
  get port(): number | null {
    return this.#parts.address.kind === "tcp" ? (this.#server.port ?? null) : null;
  }

  /** Open WebSockets and streams. */
  get open(): number {
    return this.#open;
  }

  /** Ends everything that is open. */
  async close(): Promise<void> {
    await this.#server.stop(true);
    const { address } = this.#parts;
    if (address.kind === "unix") rmSync(address.path, { force: true });
  }

  async #fetch(request: Request, server: Server<SocketData>): Promise<Response | undefined> {
    const { method, headers } = request;
    const peer = server.requestIP(request)?.address ?? "unix";
    let route = "?";
    let answer: Answer;
    try {
      const path = pathOf(request.url);
      this.#admit(method, path, headers);
      if (path === socketPath) {
        route = socketPath;
        this.#upgrade(request, server, peer);
        this.#note({ method, route, headers, peer, status: 101 });
        return undefined;
      }
      const found = match(this.#parts.routes, method, path);
      if (found === null) throw new Refusal(404, "UNKNOWN", "there is nothing here");
      if (found === "method") throw new Refusal(405, "METHOD", `this is not for ${method}`);
      route = found.route.path;
      const body = method === "POST" ? await bodyOf(request) : undefined;
      const { params } = found;
      const asked = queryOf(found.route, request.url);
      // Who is silent is cut off; here it is the gateway that is.
      if (found.route.isSlow) server.timeout(request, 0);
      answer = await found.route.run({ params, body, headers, ...asked, origin });
      if ("stream" in answer) this.#openOne();
    } catch (error) {
      const refusal = refusalOf(error) ?? fault;
      if (refusal === fault) this.#parts.onFault(error);
      this.#note({ method, route, headers, peer, status: refusal.status, refusal: refusal.code });
      return this.#response({ status: refusal.status, json: refusalJson(refusal) });
    }
    const made = "json" in answer ? (answer.request ?? null) : null;
    this.#note({ method, route, headers, peer, status: answer.status, request: made });
    if (!("stream" in answer)) return this.#response(answer);
    // A stream may be silent for longer than a request may.
    server.timeout(request, 0);
    const closed = (): void => {
      this.#open -= 1;
    };
    if (request.signal.aborted) closed();
    else request.signal.addEventListener("abort", closed);
    return this.#response(answer);
  }

  /** Who needs no token is let in to what is named for such alone. */
  #admit(method: string, path: string, headers: Headers): void {
    const isOf = (routes: readonly Route[]): boolean => {
      const found = match(routes, method, path);
      return found !== null && found !== "method";
    };
    const { door } = this.#parts;
    if (isOf(this.#openRoutes)) admitReader(door, headers);
    else if (isOf(this.#guestRoutes)) admitGuest(door, headers);
    else admit(door, headers);
  }

  #upgrade(request: Request, server: Server<SocketData>, peer: string): void {
    this.#openOne();
    // A page that offers protocols is refused by its browser unless one of them is taken.
    const offers = request.headers.has("sec-websocket-protocol");
    const headers = offers ? { "sec-websocket-protocol": socketProtocol } : {};
    const data = { peer, connection: null };
    if (request.method === "GET" && server.upgrade(request, { data, headers })) return;
    this.#open -= 1;
    throw new Refusal(426, "UPGRADE", "this is for WebSockets");
  }

  #openOne(): void {
    if (this.#open >= openMax) throw new Refusal(503, "TOO_MANY", "too many connections are open");
    this.#open += 1;
  }

  #opened(socket: ServerWebSocket<SocketData>): void {
    const { operations, feed, door } = this.#parts;
    const line = {
      // -1: it is taken, and waits; 0: it is lost, and so is the connection.
      send: (text: string): boolean => socket.send(text) > 0,
      close: () => socket.close(),
    };
    socket.data.connection = new Connection(line, {
      ...{ operations, feed, origin },
      pace: () => {
        const waitS = door.rate.take();
        if (waitS > 0) throw tooFast(waitS);
      },
      onAnswer: (method, refusal, request) =>
        this.#note({
          ...{ method, route: socketPath, peer: socket.data.peer, headers: null, request },
          status: refusal?.status ?? 200,
          refusal: refusal?.code ?? null,
        }),
    });
  }

  #message(socket: ServerWebSocket<SocketData>, text: string | Buffer): void {
    const { connection } = socket.data;
    if (typeof text !== "string") socket.close(1003, "text only");
    else connection?.take(text).catch((error) => this.#parts.onFault(error));
  }

  #note(visit: {
    readonly method: string;
    readonly route: string;
    readonly headers: Headers | null;
    readonly peer: string;
    readonly status: number;
    readonly refusal?: string | null;
    readonly request?: string | null;
  }): void {
    const { headers, refusal = null, request = null, ...rest } = visit;
    const host = headers?.get("host") ?? null;
    const from = headers?.get("origin") ?? null;
    this.#parts.audit.note({
      ...rest,
      source: origin.source,
      host,
      origin: from,
      refusal,
      request,
    });
    this.#parts.tally.answered(known(visit.method), visit.route, visit.status);
  }

  #response(answer: Answer): Response {
    const headers = (type: string) => ({ ...answerHeaders, "content-type": type });
    const { status } = answer;
    if ("stream" in answer)
      return new Response(answer.stream, { status, headers: headers("text/event-stream") });
    if ("text" in answer)
      return new Response(answer.text, { status, headers: headers(answer.type) });
    return new Response(`${jsonText(answer.json)}\n`, {
      status,
      headers: headers("application/json"),
    });
  }
}

const fault = new Refusal(500, "INTERNAL", "this is a fault in `ra`");

/** The path, of which the server has resolved the dots; nothing else in it is resolved, since no file is named by it. */
function pathOf(url: string): string {
  return /^https?:\/\/[^/?#]*([^?#]*)/.exec(url)?.[1] ?? "";
}

/** A method as a label: one that somebody made up must not make a new figure each time. */
function known(method: string): string {
  return /^[A-Za-z]{1,10}$/.test(method) ? method : "?";
}
