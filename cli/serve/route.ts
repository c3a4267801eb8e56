import type { GenericSchema } from "valibot";
import type { Origin } from "../../core/queue/request.ts";
import { nothingSchema, read } from "./asks.ts";
import { Refusal } from "./refusal.ts";

/** What a route gets of a request that was let in. */
export interface Call {
  readonly params: Readonly<Record<string, string>>;
  /** What was sent, parsed but not checked; undefined where nothing was. */
  readonly body: unknown;
  readonly headers: Headers;
  /** The numbers behind the `?` that the route takes, as far as they were given. */
  readonly query: Readonly<Record<string, number>>;
  /** As `query`, the ids. */
  readonly ids: Readonly<Record<string, string>>;
  readonly origin: Origin;
}

/** What a route answers: JSON, text, or a stream of events. */
export type Answer =
  | {
      readonly status: number;
      readonly json: object;
      /** The request that came of it, for the audit. */
      readonly request?: string;
    }
  | { readonly status: number; readonly text: string; readonly type: string }
  | { readonly status: number; readonly stream: ReadableStream };

/** One thing that can be asked for over HTTP. */
export interface Route {
  readonly method: "GET" | "POST";
  /** `/api/runs/:id`; a part with a colon is an id. */
  readonly path: string;
  readonly about: string;
  /** What it takes; absent: nothing. */
  readonly body?: GenericSchema;
  /** Statuses it answers with when all is well, and what each means. */
  readonly answers: Readonly<Record<number, string>>;
  readonly takesKey?: true;
  /** Whole numbers that it takes behind the `?`, and what each is. */
  readonly query?: Readonly<Record<string, string>>;
  /** As `query`, ids. */
  readonly ids?: Readonly<Record<string, string>>;
  /** It may be answered minutes later. */
  readonly isSlow?: true;
  /** For pages that have nothing but an invitation: no token is asked for. */
  readonly forGuests?: true;
  /** The same for whoever asks, and without anything of a run: neither a token nor an invitation is asked for. */
  readonly forEverybody?: true;
  run(call: Call): Answer | Promise<Answer>;
}

/** An id in a path: nothing that could be a path of its own. */
const idPattern = /^@?[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** The route of a path, with its ids. `routes`: those of the path with other methods as well. */
export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds a route. `null`: there is no such path; `method`: it is there, but not for this method. */
export function match(
  routes: readonly Route[],
  method: string,
  path: string,
): Match | "method" | null {
  let isThere = false;
  for (const route of routes) {
    const params = paramsOf(route.path, path);
    if (params === null) continue;
    isThere = true;
    if (route.method === method) return { route, params };
  }
  return isThere ? "method" : null;
}

function paramsOf(pattern: string, path: string): Record<string, string> | null {
  const [wanted, given] = [pattern.split("/"), path.split("/")];
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const text = given[i] ?? "";
    if (!part.startsWith(":")) {
      if (part !== text) return null;
    } else if (idPattern.test(text)) params[part.slice(1)] = text;
    else return null;
  }
  return params;
}

/** What of a query a route takes; what else stands there counts for nothing. Throws `Refusal`. */
export function queryOf({ query = {}, ids = {} }: Route, url: string): Pick<Call, "query" | "ids"> {
  const given = new URLSearchParams(/\?([^#]*)/.exec(url)?.[1] ?? "");
  const read = (names: object, pattern: RegExp, what: string): [string, string][] =>
    Object.keys(names).flatMap((name) => {
      const text = given.get(name);
      if (text === null) return [];
      if (pattern.test(text)) return [[name, text]];
      throw new Refusal(400, "BAD_QUERY", `\`${name}\` must be ${what}`);
    });
  const numbers = read(query, /^-?\d{1,15}$/, "a whole number");
  return {
    query: Object.fromEntries(numbers.map(([name, text]) => [name, Number(text)])),
    ids: Object.fromEntries(read(ids, idPattern, "an id")),
  };
}

/** A route that tells something. */
export function get(
  path: string,
  about: string,
  work: (call: Call) => object | Promise<object>,
): Route {
  return {
    ...{ method: "GET", path, about },
    answers: { 200: "It is told." },
    run: async (call) => json(await work(call)),
  };
}

/** A route that does something, and takes nothing but its path. */
export function post(
  path: string,
  about: string,
  work: (call: Call) => object | Promise<object>,
): Route {
  return {
    ...{ method: "POST", path, about, body: nothingSchema },
    answers: { 200: "It is done, or has begun." },
    run: async (call) => {
      read(nothingSchema, call.body ?? {});
      return json(await work(call));
    },
  };
}

/** An answer in the form of all answers. */
export function json(value: object): Answer {
  return { status: 200, json: { v: 1, ...value } };
}
