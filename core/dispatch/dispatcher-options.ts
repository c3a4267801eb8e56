import type { Clock } from "../clock.ts";
import type { EventLog } from "../run/log.ts";
import type { AttemptEnd } from "./attempt.ts";
import type { DiskGuard } from "./disk-guard.ts";
import type { Hands } from "./hands.ts";
import type { Roster } from "./roster.ts";
import type { Caps } from "./run-caps.ts";

/** What the loop of a run works with. */
export interface DispatcherOptions {
  readonly run: string;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly roster: Roster;
  readonly hands: Hands;
  readonly concurrency: number;
  readonly perRunner: Readonly<Record<string, number>>;
  readonly stepThrough: boolean;
  /** What the run may have at most; the caps of `ra` by default. */
  readonly caps?: Caps;
  /** What an earlier process of the run has recorded. */
  readonly counts?: Caps | undefined;
  /** Absent where nobody looks after the room on the disks. */
  readonly guard?: DiskGuard;
  /** Results of an earlier process of the run that are still to land, by task. */
  readonly results?: ReadonlyMap<string, AttemptEnd>;
}
