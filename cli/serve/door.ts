import type { Rate } from "./rate.ts";
import { Refusal } from "./refusal.ts";
import type { Sessions } from "./sessions.ts";
import type { Token } from "./token.ts";

/** What decides who comes in. */
export interface Door {
  readonly token: Pick<Token, "matches">;
  readonly sessions: Sessions;
  /** The values of `Host` that are taken, in small letters. */
  readonly hosts: ReadonlySet<string>;
  readonly rate: Rate;
  /** For those who have nothing but an invitation. */
  readonly guestRate: Rate;
  /** For those who have nothing, and get the empty page. */
  readonly pageRate: Rate;
}

/** The protocol of the WebSocket, and what goes before the token of a page, which can send it in no other way. */
export const socketProtocol = "ra";
const bearerProtocol = "bearer.";

/**
 * Lets a request in, or throws `Refusal`. Whatever it asks for: one that is not let in learns nothing of what there is.
 * Nothing is a permission by being absent.
 */
export function admit(door: Door, headers: Headers): void {
  refuseElsewhere(door, headers);
  const [, offered] =
    /^Bearer ([\x21-\x7e]{1,512})$/.exec(headers.get("authorization") ?? "") ?? [];
  const isIn =
    offered === undefined
      ? isPage(door, headers)
      : door.token.matches(offered) || door.sessions.matches(offered);
  if (!isIn) {
    throw new Refusal(401, "TOKEN_REFUSED", "this needs the token of the gateway", {
      hint: "send it as `Authorization: Bearer TOKEN`",
    });
  }
  take(door.rate);
}

/** Lets a page in that has nothing but an invitation, to exchange it. Throws `Refusal`. */
export function admitGuest(door: Door, headers: Headers): void {
  refuseElsewhere(door, headers);
  if (headers.get("origin") === null) throw foreign();
  take(door.guestRate);
}

/**
 * Lets anybody on a host that is served have the page, which is empty without a session. A link may lead to it from anywhere, such
 * as from a message; no other page may load it. Throws `Refusal`.
 */
export function admitReader(door: Door, headers: Headers): void {
  const isLink =
    headers.get("sec-fetch-mode") === "navigate" && headers.get("sec-fetch-dest") === "document";
  refuseHost(door, headers);
  if (!isLink) refuseOrigin(door, headers);
  take(door.pageRate);
}

function take(rate: Rate): void {
  const waitS = rate.take();
  if (waitS > 0) throw tooFast(waitS);
}

/** The refusal of who asks too often. */
export function tooFast(waitS: number): Refusal {
  return new Refusal(429, "TOO_FAST", "too many requests", { hint: `wait ${waitS} s` });
}

/** True for a WebSocket of one of our pages, which says so by its origin and has the token of a session. */
function isPage({ sessions }: Door, headers: Headers): boolean {
  if (headers.get("origin") === null) return false;
  const protocols = (headers.get("sec-websocket-protocol") ?? "")
    .split(",")
    .map((one) => one.trim());
  const bearer = protocols.find((one) => one.startsWith(bearerProtocol));
  return bearer !== undefined && sessions.matches(bearer.slice(bearerProtocol.length));
}

/** Names of others, pages of others, and what hides where it comes from. */
function refuseElsewhere(door: Door, headers: Headers): void {
  refuseHost(door, headers);
  refuseOrigin(door, headers);
}

function refuseHost({ hosts }: Door, headers: Headers): void {
  const named = headers.get("host")?.toLowerCase();
  // Whoever points a name of their own at this address sends that name.
  if (named === undefined || !hosts.has(named)) {
    throw new Refusal(403, "HOST_REFUSED", "this host is not served");
  }
}

function refuseOrigin({ hosts }: Door, headers: Headers): void {
  const origin = headers.get("origin");
  const [, host] = /^https?:\/\/([^/]+)$/.exec(origin?.toLowerCase() ?? "") ?? [];
  const isForeign = origin !== null && (host === undefined || !hosts.has(host));
  const site = headers.get("sec-fetch-site");
  if (isForeign || site === "cross-site" || site === "same-site") throw foreign();
}

function foreign(): Refusal {
  return new Refusal(403, "ORIGIN_REFUSED", "pages of other origins are not served");
}

/** Headers of every answer: nobody frames it, sniffs it or keeps it, and a page loads nothing from elsewhere. */
export const answerHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": [
    ...["default-src 'self'", "script-src 'self'", "object-src 'none'", "base-uri 'none'"],
    ...["frame-ancestors 'none'", "form-action 'none'"],
    // Text becomes markup nowhere: a browser that knows of this refuses to try.
    ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};
