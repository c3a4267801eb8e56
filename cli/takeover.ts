import { join } from "node:path";
import { type Aftermath, endProcesses, recoverRun } from "../core/dispatch/aftermath.ts";
import { dropSessionState } from "../core/dispatch/session-state.ts";
import { ExitCode, RaError } from "../core/error.ts";
import type { RunOwner } from "../core/id.ts";
import { type Machine, thisMachine } from "../core/process/machine.ts";
import { unattendedRuns } from "../core/registry/query.ts";
import type { Registry } from "../core/registry/registry.ts";
import type { Fact } from "../core/run/event.ts";
import { lostQuestions } from "../core/run/question.ts";
import type { RunState } from "../core/run/state.ts";
import { inRecoveryTurn } from "../core/workspace/turn.ts";
import type { GitRepository } from "../core/workspace/workspace.ts";
import type { Terminal } from "./command.ts";
import { holdOf } from "./driven.ts";
import { say } from "./say.ts";

/** Where a run is taken. */
export interface Taking {
  readonly terminal: Terminal;
  readonly registry: Registry;
  readonly run: string;
  readonly place: { readonly stateDir: string };
  /** Null when no task of the run needs git. */
  readonly repository: GitRepository | null;
  /** What the log knew of the run before; undefined for a new one. */
  readonly state: RunState | undefined;
  /** Where it runs; this machine by default. */
  readonly machine?: Machine;
  /** Lets one `ra` at a time take over what a dead one left; `inRecoveryTurn` by default. */
  readonly inTurn?: typeof inRecoveryTurn;
}

/** How long the `ra` of a run that has ended may take to go, in milliseconds. */
const farewellMs = 10_000;

/** The first fact of a run, or of its next life. Throws when the run may not be taken. */
export type First = (state: RunState | undefined) => Fact;

/**
 * Opens a run in the log, or takes it over and puts in order what the process left that drove it before. From then on a
 * later owner shuts this process out.
 */
export async function takeRun(taking: Taking, first: First): Promise<Aftermath> {
  const { terminal, registry, run, place, repository, state } = taking;
  const { machine = thisMachine, inTurn = inRecoveryTurn } = taking;
  const isTidied = await tidyUpOthers(taking);
  if (state === undefined) {
    await lookAfterOthers(taking, isTidied);
    await open(registry, run, first);
    return { results: new Map(), told: [] };
  }
  if (state.finishedAt !== null) await untilGone(machine, state.owner);
  const aftermath = await inTurn(place.stateDir, async () => {
    await open(registry, run, first);
    return await recoverRun({ log: registry, run, machine, repository });
  });
  if (aftermath === null) throw busy();
  for (const line of aftermath.told) say(terminal, `${run}: ${line}`);
  await lookAfterOthers(taking, isTidied);
  return aftermath;
}

async function open(registry: Registry, run: string, first: First): Promise<void> {
  const events = await registry.commit(run, ({ state }) => [
    ...lostQuestions(state?.tasks ?? []),
    first(state),
  ]);
  for (const event of events) {
    if ("epoch" in event && event.epoch !== undefined) registry.drive(run, event.epoch);
  }
}

/**
 * Ends what still runs of other runs whose `ra` is dead, and brings back what it had half moved. Their work stays
 * where it is until they are resumed. `isTidied`: so may those that had ended, which were tidied up just now.
 */
async function lookAfterOthers(taking: Taking, isTidied: boolean): Promise<void> {
  const { terminal, registry, run, place, repository } = taking;
  const { machine = thisMachine, inTurn = inRecoveryTurn } = taking;
  const broken = unattendedRuns(registry.database, { ended: false }).filter((id) => id !== run);
  if (broken.length === 0 && !isTidied) return;
  await inTurn(place.stateDir, async () => {
    for (const id of broken) {
      const state = await registry.state(id);
      if (!state || state.finishedAt !== null || machine.isAttended(state.owner)) continue;
      // What a command that works on the run has started is not left over.
      if (holdOf(state) !== null) continue;
      for (const line of await endProcesses(machine, state)) say(terminal, `${id}: ${line}`);
    }
    for (const line of (await repository?.mend()) ?? []) say(terminal, line);
  });
}

/** Deletes what stands of other runs that have ended and whose `ra` died before it had tidied up. True: there were some. */
async function tidyUpOthers(taking: Taking): Promise<boolean> {
  const { registry, run, place, repository, inTurn = inRecoveryTurn } = taking;
  const standing = (await repository?.standingRuns())?.filter((id) => id !== run) ?? [];
  if (repository === null || standing.length === 0) return false;
  const ended = unattendedRuns(registry.database, { ended: true });
  const left = standing.filter((id) => ended.includes(id));
  if (left.length === 0) return false;
  await inTurn(place.stateDir, async () => {
    for (const id of left) {
      const state = await registry.state(id);
      // It may have been taken up again meanwhile, by `ra resume` or by a command that works on it.
      if (!state || state.finishedAt === null || holdOf(state) !== null) continue;
      dropSessionState(join(place.stateDir, "runs", id), state);
      await repository.tidy(id);
    }
  });
  return true;
}

/** A run has ended before its `ra` has tidied up: that must not meet what comes next. */
export async function untilGone(
  { clock, isAttended }: Pick<Machine, "clock" | "isAttended">,
  owner: RunOwner,
): Promise<void> {
  const deadline = clock.monotonic() + farewellMs;
  while (owner.pid !== process.pid && isAttended(owner) && clock.monotonic() < deadline) {
    await clock.sleep(20);
  }
}

function busy(): RaError {
  return new RaError({
    code: "RECOVERY_BUSY",
    exitCode: ExitCode.environment,
    message: "another `ra` is taking a run over and does not come to an end with it",
    hint: "wait a moment and run the command again; `ra ps` shows who is at work",
  });
}
