import type { Continuation } from "../plugin/runner.ts";
import type { AttemptSession } from "../run/session.ts";
import type { Going } from "./sessions.ts";

/** What an attempt may go on with, and what its agent is told then. */
export interface GoingOn extends Pick<Going, "session"> {
  readonly prompt: string | null;
}

/** The session that a runner is to go on with; null: it begins one. */
export function continuationOf(going: GoingOn | null | undefined): Continuation | null {
  if (!going || going.prompt === null || !("id" in going.session)) return null;
  const { id, used } = going.session;
  return { session: id, prompt: going.prompt, used };
}

/** What is recorded of the session that an agent told of. `anew`: why the runner could not go on with the one before. */
export function sessionTold(
  going: GoingOn | null | undefined,
  id: string,
  anew: string | undefined,
): AttemptSession {
  if (!going) return { id };
  const { session } = going;
  if ("anew" in session) return { id, anew: session.anew };
  return anew === undefined ? { id, continues: session.attempt } : { id, anew };
}
