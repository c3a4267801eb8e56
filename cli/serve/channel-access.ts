import type { ChannelAccess } from "../../core/plugin/channel.ts";
import { noteRefusedEvent } from "../../core/registry/refused-events.ts";
import type { ChannelParts } from "./channel-parts.ts";

/** What a channel may look at and keep. */
export function channelAccess({
  channel,
  operations,
  notes,
  database,
  clock,
  tally,
  onTrouble,
}: ChannelParts): ChannelAccess {
  return {
    run: (id) => operations.stateOf(id),
    request: (id) => operations.found(id),
    recall: () => notes.read(),
    note: (value) => notes.write(value),
    refused: ({ seq, type }, status, end) => {
      const at = new Date(clock.now()).toISOString();
      noteRefusedEvent(database, { at, channel: channel.name, seq, type, status, end });
      tally.missed(channel.name, end);
    },
    tell: (message) => onTrouble(new Error(`channel \`${channel.name}\`: ${message}`)),
  };
}
