import type { Clock } from "../../core/clock.ts";
import type { Channel } from "../../core/plugin/channel.ts";
import type { RegistryDatabase } from "../../core/registry/database.ts";
import type { AuditTrail } from "./audit-trail.ts";
import type { ChannelNotes } from "./channel-notes.ts";
import type { Feed } from "./feed.ts";
import type { Tally } from "./metrics.ts";
import type { Operations } from "./operations.ts";

/** What a channel works on. */
export interface ChannelParts {
  readonly channel: Channel;
  readonly operations: Operations;
  readonly feed: Feed;
  readonly audit: AuditTrail;
  readonly tally: Tally;
  readonly notes: ChannelNotes;
  readonly database: RegistryDatabase;
  readonly clock: Clock;
  /** Told of trouble that passes. */
  readonly onTrouble: (error: unknown) => void;
}
