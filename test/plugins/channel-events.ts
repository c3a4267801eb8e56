import type { ChannelAccess } from "../../core/plugin/channel.ts";
import type { Event, Fact } from "../../core/run/event.ts";
import { applyEvent, type RunState } from "../../core/run/state.ts";

/** The run `r7k2` of these facts: its events, and what the gateway lends to a channel that is told of them. */
export function told(facts: readonly Fact[]) {
  const at = "2026-11-26T10:00:00.000Z";
  const events = facts.map((fact, i): Event => ({ v: 1, seq: i + 1, at, run: "r7k2", ...fact }));
  const said: string[] = [];
  const refused: string[] = [];
  let noted: unknown;
  let state: RunState | undefined;
  for (const event of events) state = applyEvent(state, event);
  const access: ChannelAccess = {
    run: async () => state ?? null,
    request: () => null,
    recall: () => noted,
    note: (value) => {
      noted = value;
    },
    refused: ({ seq }, status, end) => refused.push(`${seq} ${status} ${end}`),
    tell: (message) => said.push(message),
  };
  return { events, access, said, refused };
}

/** A signal that never aborts. */
export const forever = new AbortController().signal;
