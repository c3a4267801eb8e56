import { Schedule } from "../run/schedule.ts";
import { Admission } from "./admission.ts";
import type { Assignment } from "./assignment.ts";
import type { DispatcherOptions } from "./dispatcher-options.ts";
import { Ledger } from "./ledger.ts";
import { Providers } from "./providers.ts";
import { RunCaps } from "./run-caps.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** What the loop decides with. */
export interface Parts {
  readonly schedule: Schedule;
  readonly waiting: WaitingRoom;
  readonly providers: Providers;
  readonly admission: Admission;
  readonly ledger: Ledger;
  readonly caps: RunCaps;
}

/** Makes them, and lets them tell the loop of what has come. */
export function makeParts(
  options: DispatcherOptions,
  tell: {
    readonly due: (position: number) => void;
    readonly wake: () => void;
    readonly answered: (assignment: Assignment) => void;
  },
): Parts {
  const { run, log, clock, roster, concurrency, perRunner } = options;
  const tasks = roster.schedulables();
  const schedule = new Schedule(tasks, {
    concurrency,
    perRunner,
    clash: (mine, theirs) => roster.clash(mine, theirs),
  });
  const waiting = new WaitingRoom(clock, schedule, tell.due);
  const providers = new Providers({
    ...{ run, log, clock, schedule, concurrency },
    isUsed: tasks.some(({ provider, instead = [] }) => provider != null || instead.length > 0),
    onDue: tell.wake,
    onLong: tell.answered,
  });
  const admission = new Admission({
    ...{ run, log, roster, schedule, waiting, providers },
    guard: options.guard,
  });
  const ledger = new Ledger({ clock, ...roster.history, onDue: tell.wake });
  return { schedule, waiting, providers, admission, ledger, caps: new RunCaps(options) };
}
