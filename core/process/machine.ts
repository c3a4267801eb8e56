import { type Clock, systemClock } from "../clock.ts";
import type { ProcessIdentity, RunOwner } from "../id.ts";
import { type ProcessRequest, type Running, startProcess } from "../process.ts";
import { type AttemptLog, openLog } from "./log.ts";
import { isAttended } from "./owner.ts";
import { isAlive, listProcesses, marksOf } from "./table.ts";
import { type Survivor, sweep } from "./tree.ts";

/** Who is alive. */
export interface Living {
  isAlive(identity: ProcessIdentity): boolean;
  /** True unless the owner of a run is dead for certain. */
  isAttended(owner: RunOwner): boolean;
}

/** The machine that a run works on, as far as git and the registry are not it: time, programs, their output. */
export interface Machine extends Living {
  readonly clock: Clock;
  /** As `startProcess`. */
  start(request: ProcessRequest): Running;
  /** As `openLog`. */
  openLog(path: string, bytesMax: number): AttemptLog;
  /** Ends every program that carries one of the marks, and gives what would not end. */
  sweep(marks: ReadonlySet<string>, graceMs: number): Promise<readonly Survivor[]>;
  /** How many programs carry one of the marks. */
  countMarked(marks: ReadonlySet<string>): number;
}

/** The machine this process runs on. */
export const thisMachine: Machine = {
  clock: systemClock,
  isAlive,
  isAttended,
  start: startProcess,
  openLog,
  sweep,
  countMarked(marks) {
    const rows = listProcesses() ?? [];
    return rows.filter(({ pid }) => marksOf(pid).some((mark) => marks.has(mark))).length;
  },
};
