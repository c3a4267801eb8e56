import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "../../core/clock.ts";

/** How long an invitation stands, and a session, in milliseconds. */
const invitationMs = 5 * 60_000;
const sessionMs = 12 * 3_600_000;

/** Invitations and sessions that may stand at once; the oldest go. */
const standingMax = 100;

/**
 * Sessions of pages in a browser. A link holds an invitation, which works once and soon ends; what it is exchanged for never
 * stands in a URL, nor in a cookie, which a browser would send to every other port of this machine as well. Kept in memory: a
 * restart ends them.
 */
export class Sessions {
  readonly #clock: Pick<Clock, "monotonic">;
  /** Until when each stands, by digest: a look-up tells nothing of how much of a guess is right. */
  readonly #invitations = new Map<string, number>();
  readonly #sessions = new Map<string, number>();

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** A code for a link; it works once. */
  invite(): string {
    return this.#keep(this.#invitations, invitationMs);
  }

  /** The token of a new session; null for a code that never was, has ended, or was used. */
  redeem(code: string): string | null {
    const digest = digestOf(code);
    const stands = this.#stands(this.#invitations, digest);
    this.#invitations.delete(digest);
    return stands ? this.#keep(this.#sessions, sessionMs) : null;
  }

  /** True for the token of a session that stands. */
  matches(offered: string): boolean {
    return this.#stands(this.#sessions, digestOf(offered));
  }

  #keep(into: Map<string, number>, forMs: number): string {
    const value = randomBytes(32).toString("base64url");
    const [oldest] = into.keys();
    if (into.size >= standingMax && oldest !== undefined) into.delete(oldest);
    into.set(digestOf(value), this.#clock.monotonic() + forMs);
    return value;
  }

  #stands(among: ReadonlyMap<string, number>, digest: string): boolean {
    return (among.get(digest) ?? 0) > this.#clock.monotonic();
  }
}

/** A link with a code, which stands behind the `#`: no browser sends, logs or passes on what is there. */
export function invitation(pageUrl: string, sessions: Sessions): string {
  return `${pageUrl}/#${sessions.invite()}`;
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
