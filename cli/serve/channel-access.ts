import type { ChannelAccess } from "../../core/plugin/channel.ts";
import type { ChannelNotes } from "./channel-notes.ts";
import type { Operations } from "./operations.ts";

/** What a channel may look at and keep. */
export function channelAccess(
  operations: Operations,
  notes: ChannelNotes,
  tell: (message: string) => void,
): ChannelAccess {
  return {
    run: (id) => operations.stateOf(id),
    request: (id) => operations.found(id),
    recall: () => notes.read(),
    note: (value) => notes.write(value),
    tell,
  };
}
