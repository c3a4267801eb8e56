import { oneLine } from "../../core/plain-text.ts";
import type { SessionFact } from "../../core/run/session.ts";

/** Why the session of an attempt is what it is; nothing for one that began as every first one does. */
export function sessionText({
  continues,
  anew,
}: Pick<SessionFact, "continues" | "anew">): string[] {
  if (anew !== undefined) return [`begun anew: ${oneLine(anew)}`];
  return continues === undefined ? [] : [`goes on with that of attempt ${continues}`];
}
