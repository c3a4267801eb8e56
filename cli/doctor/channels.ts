import { type Diagnosis, note, well } from "../../core/diagnosis.ts";
import type { RefusedEvent } from "../../core/registry/refused-events.ts";

/** For how long an event that was put aside is told, in milliseconds. */
const toldMs = 7 * 24 * 3_600_000;

/** What a channel of the config was refused, and where it stands. */
export interface ChannelStanding {
  readonly channel: string;
  /** The newest event that it has passed; null: none. */
  readonly cursor: number | null;
  /** Newest first. */
  readonly refused: readonly RefusedEvent[];
}

/** Whether a channel is held by a receiver that is gone, and which events were put aside in the last week. */
export function channelDiagnoses(
  standings: readonly ChannelStanding[],
  nowMs: number,
): readonly Diagnosis[] {
  return standings.flatMap(({ channel, cursor, refused }) => {
    const held = refused.find(({ end, seq }) => end === "gone" && seq > (cursor ?? 0));
    const aside = refused.filter(
      ({ end, at }) => end === "aside" && nowMs - Date.parse(at) < toldMs,
    );
    const [newest] = aside;
    const found: Diagnosis[] = [];
    if (held !== undefined) {
      const what = `its receiver says that it is gone (410), and events wait from ${held.seq} on`;
      const fix = `change or remove \`serve.channels.${channel}\`, and start \`ra serve\` anew`;
      found.push(note(channel, what, fix));
    }
    if (newest !== undefined) {
      const many = aside.length === 1 ? "1 event was" : `${aside.length} events were`;
      const what = `${many} refused and put aside in the last week, the newest ${newest.seq} (${newest.type}, ${newest.status})`;
      found.push(note(channel, what, null));
    }
    return found.length > 0 ? found : [well(channel, "nothing was put aside in the last week")];
  });
}
