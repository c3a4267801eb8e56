import type { EventLog } from "../run/log.ts";
import type { RunState } from "../run/state.ts";
import type { Hands } from "./hands.ts";
import type { Roster } from "./roster.ts";

/**
 * Runs that wait for each other's landed but unpublished paths would wait for ever. When a run that this one waits
 * for waits as well, what this one has landed goes to the target before its end, and its paths are free.
 */
export async function endStandoff(input: {
  readonly log: EventLog;
  readonly run: string;
  readonly roster: Roster;
  readonly hands: Hands;
  /** Positions of the tasks that wait for other runs; nothing else of this run is under way. */
  readonly waiting: ReadonlySet<number>;
}): Promise<void> {
  const { log, run, roster, hands, waiting } = input;
  if (waiting.size === 0 || !hands.unpublished) return;
  let isStandoff = false;
  await log.commit(run, ({ state, foreignClaims, waits }) => {
    const claims = foreignClaims().filter((claim) => !claim.live && waits(claim.run));
    const meets = (position: number): boolean => roster.foreignClash(position, claims) !== null;
    isStandoff = state !== undefined && holdsPaths(state) && [...waiting].some(meets);
    return [];
  });
  if (!isStandoff) return;
  // A checkout that refuses keeps the work on its branch; the paths are given up all the same.
  await hands.publish();
  await log.commit(run, () => [{ type: "claims.yielded" }]);
}

function holdsPaths(state: RunState): boolean {
  return [...state.tasks.values()].some(({ status, attempts }) => {
    const last = attempts.at(-1);
    return status === "done" && last && !last.yielded && last.touching.length > 0;
  });
}
