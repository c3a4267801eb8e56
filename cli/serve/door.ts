import type { Rate } from "./rate.ts";
import { Refusal } from "./refusal.ts";
import type { Token } from "./token.ts";

/** What decides who comes in. */
export interface Door {
  readonly token: Pick<Token, "matches">;
  /** The values of `Host` that are taken, in small letters. */
  readonly hosts: ReadonlySet<string>;
  readonly rate: Rate;
}

/**
 * Lets a request in, or throws `Refusal`. Whatever it asks for: one that is not let in learns nothing of what there is.
 * Nothing is a permission by being absent.
 */
export function admit({ token, hosts, rate }: Door, headers: Headers): void {
  const host = headers.get("host")?.toLowerCase();
  // Whoever points a name of their own at this address sends that name.
  if (host === undefined || !hosts.has(host)) {
    throw new Refusal(403, "HOST_REFUSED", "this host is not served");
  }
  refuseOrigin(headers, hosts);
  const [, offered] =
    /^Bearer ([\x21-\x7e]{1,512})$/.exec(headers.get("authorization") ?? "") ?? [];
  if (offered === undefined || !token.matches(offered)) {
    throw new Refusal(401, "TOKEN_REFUSED", "this needs the token of the gateway", {
      hint: "send it as `Authorization: Bearer TOKEN`",
    });
  }
  const waitS = rate.take();
  if (waitS > 0) throw tooFast(waitS);
}

/** The refusal of who asks too often. */
export function tooFast(waitS: number): Refusal {
  return new Refusal(429, "TOO_FAST", "too many requests", { hint: `wait ${waitS} s` });
}

/** Pages of others, and what hides where it comes from. */
function refuseOrigin(headers: Headers, hosts: ReadonlySet<string>): void {
  const origin = headers.get("origin");
  const [, host] = /^https?:\/\/([^/]+)$/.exec(origin?.toLowerCase() ?? "") ?? [];
  const isForeign = origin !== null && (host === undefined || !hosts.has(host));
  const site = headers.get("sec-fetch-site");
  if (isForeign || site === "cross-site" || site === "same-site") {
    throw new Refusal(403, "ORIGIN_REFUSED", "pages of other origins are not served");
  }
}

/** Headers of every answer: nobody frames it, sniffs it or keeps it, and a page loads nothing from elsewhere. */
export const answerHeaders: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};
