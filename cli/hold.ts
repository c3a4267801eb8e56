import { thisMachine } from "../core/process/machine.ts";
import { thisOwner } from "../core/process/owner.ts";
import type { Registry } from "../core/registry/registry.ts";
import type { RunState } from "../core/run/state.ts";
import { refuseDriven } from "./driven.ts";
import { untilGone } from "./takeover.ts";

/** A run that a command is to work on alone. */
export interface HoldRequest {
  readonly registry: Registry;
  readonly run: string;
  readonly by: NonNullable<RunState["hold"]>["by"];
  /** Sees the run as it is when it is taken, and may throw. */
  readonly check?: (state: RunState) => void;
}

/**
 * Does something on a run that nobody drives, while nobody else can drive it or work on it. Throws `RaError` (exit 6)
 * when somebody does. A holder that dies has let go.
 */
export async function holdRun<T>(
  { registry, run, by, check }: HoldRequest,
  work: (state: RunState) => Promise<T>,
): Promise<T> {
  const seen = await registry.state(run);
  // It has recorded the end of the run, and still tidies up: a new owner would shut it out.
  if (seen !== undefined && seen.finishedAt !== null) await untilGone(thisMachine, seen.owner);
  let state: RunState | undefined;
  let epoch = 0;
  await registry.commit(run, ({ state: now }) => {
    if (now === undefined) return [];
    refuseDriven(now);
    check?.(now);
    state = now;
    epoch = now.epoch + 1;
    return [{ type: "run.held", owner: thisOwner(), epoch, by }];
  });
  if (state === undefined) throw new Error(`run ${run} is listed, but has no events`);
  registry.drive(run, epoch);
  let result: T;
  try {
    result = await work(state);
  } catch (error) {
    // What went wrong first is what a person must know; a hold that stays ends with this process.
    await registry.commit(run, () => [{ type: "run.released" }]).catch(() => undefined);
    throw error;
  }
  await registry.commit(run, () => [{ type: "run.released" }]);
  return result;
}
