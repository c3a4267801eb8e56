import { type Clock, systemClock } from "../clock.ts";
import { freeBytes } from "../disk-space.ts";
import type { RunOwner } from "../id.ts";
import { type ProcessRequest, type Running, startProcess } from "../process.ts";
import { type Living, livingHere } from "./living.ts";
import { type AttemptLog, openLog } from "./log.ts";
import { endOrphans, type Orphans } from "./orphans.ts";

/** The machine that a run works on, as far as git and the registry are not it: time, programs, their output, room. */
export interface Machine extends Living {
  readonly clock: Clock;
  /** As `startProcess`. */
  start(request: ProcessRequest): Running;
  /** As `openLog`. */
  openLog(path: string, bytesMax: number): AttemptLog;
  /** As `freeBytes`. */
  freeBytes(path: string): number;
  /** As `endOrphans`. */
  endOrphans(
    owners: readonly RunOwner[],
    marks: readonly string[],
    graceMs: number,
  ): Promise<Orphans>;
}

/** The machine this process runs on. */
export const thisMachine: Machine = {
  ...livingHere,
  clock: systemClock,
  start: startProcess,
  openLog,
  freeBytes,
  endOrphans,
};
