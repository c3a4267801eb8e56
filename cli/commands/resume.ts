import { assert } from "../../core/assert.ts";
import { refuseDiscarded } from "../../core/dispatch/discarded.ts";
import { reachedCap } from "../../core/dispatch/run-caps.ts";
import { ExitCode, RaError } from "../../core/error.ts";
import { standingOf } from "../../core/process/living.ts";
import { thisOwner } from "../../core/process/owner.ts";
import { findRun } from "../../core/registry/find-run.ts";
import { runs } from "../../core/registry/query.ts";
import type { Registry } from "../../core/registry/registry.ts";
import type { LimitName } from "../../core/run/model.ts";
import type { RunState } from "../../core/run/state.ts";
import { findPlace } from "../../core/workspace/place.ts";
import type { CommandBody, Invocation } from "../command.ts";
import { loadConfig } from "../config.ts";
import { driveRun, partsOf, prepareRun, type RunOrder } from "../drive.ts";
import { refuseDriven } from "../driven.ts";
import { type Follower, together } from "../followers.ts";
import { flag, list } from "../option.ts";
import { paceOf } from "../pace.ts";
import { readRaise, refuseUsedUp } from "../raised-budget.ts";
import { demandRecorded } from "../recorded.ts";
import { untilRoom } from "../room.ts";
import { runnerNames } from "../runner-names.ts";

/** `ra resume [RUN]`: goes on with a run that was stopped or interrupted; what is done stays done. */
export const run: CommandBody = (invocation) => goOn(invocation, {});

/** What else is to be done when a run goes on. */
interface Extra {
  /** Follows the run besides. */
  readonly follow?: Follower | null;
  /** The tasks to try anew. Throws `RaError` when there are none. */
  readonly retriesOf?: (state: RunState) => readonly string[];
}

/** The same, and more. */
export async function goOn(
  { terminal, args, options }: Invocation,
  { follow = null, retriesOf }: Extra,
): Promise<ExitCode> {
  const place = findPlace(terminal.cwd);
  const takesOver = flag(options, "takeOver");
  {
    // What may not be resumed is refused at once, on a full disk as well.
    await using look = await demandRecorded(place);
    retriesOf?.(await resumable(look, args[0], takesOver));
  }
  await untilRoom(terminal, place);
  await using registry = await demandRecorded(place, "write");
  await registry.reap();
  const state = await resumable(registry, args[0], takesOver);
  const { id } = state;
  const raise = readRaise(list(options, "budget"), state.tasks, "ra show");
  refuseUsedUp(state, raise);
  const config = await loadConfig({ root: place.root, env: terminal.env, runners: runnerNames });
  const { plan, planPath, concurrency, target, base } = state;
  const dispatchFile = plan.format === "dispatch" ? planPath : null;
  const pace = paceOf(terminal, options, { mode: state.mode, dispatchFile });
  const order: RunOrder = {
    ...pace,
    follow: together([pace.follow, follow]),
    terminal,
    config,
    plan,
    planPath,
    concurrency,
    target,
    // What landed before is put on top of where the target is now.
    base: target === null ? (base ?? plan.base) : `refs/heads/${target}`,
    json: flag(options, "json"),
  };
  const parts = partsOf(order, await prepareRun(order));
  return await driveRun(order, { ...parts, run: id, registry, state }, (now) => {
    // Somebody else may have resumed it since.
    if (now) refuseUnlessOpen(now, takesOver);
    const again = retriesOf && { retries: retriesOf(now ?? state) };
    const epoch = (now?.epoch ?? 0) + 1;
    return { type: "run.resumed", owner: thisOwner(), epoch, ...raise, ...again };
  });
}

/** The run to go on with. Throws `RaError` when there is none, or when it may not be gone on with. */
async function resumable(
  registry: Registry,
  text: string | undefined,
  takesOver: boolean,
): Promise<RunState> {
  const id = text === undefined ? onlyOpenRun(registry) : findRun(registry.database, text);
  const state = await registry.state(id);
  assert(state, `run ${id} is listed, but has no events`);
  refuseUnlessOpen(state, takesOver);
  return state;
}

/** Runs that are looked at for one to go on with, and named at most. */
const lookedAtMax = 200;
const namedMax = 5;

/**
 * The one run that broke off, or else the newest that still goes on: that is refused with the name of its process. Throws
 * `RaError` (exit 2) when there is none, and when several broke off.
 */
function onlyOpenRun({ database }: Registry): string {
  const known = runs(database, { limit: lookedAtMax });
  const open = known.filter(({ driven, status }) => !driven || status === "interrupted");
  const [only, ...others] = open;
  if (only === undefined) {
    const live = known.find(({ finishedAt }) => finishedAt === null);
    if (live !== undefined) return live.id;
    throw refusal("no run has broken off; name the run to go on with");
  }
  if (others.length === 0) return only.id;
  const named = open.slice(0, namedMax).map(({ id, name }) => `\`${id}\` (${name})`);
  const more = open.length > namedMax ? ` and ${open.length - namedMax} more` : "";
  throw new RaError({
    code: "RUN_AMBIGUOUS",
    exitCode: ExitCode.usage,
    message: `${open.length} runs have broken off: ${named.join(", ")}${more}`,
    hint: `name one: \`ra resume ${only.id}\``,
  });
}

function refuseUnlessOpen(state: RunState, takesOver: boolean): void {
  const { id, status } = state;
  if (status === "succeeded") throw refusal(`run \`${id}\` has succeeded; nothing is left to do`);
  if (status === "rolled-back") {
    throw refusal(`run \`${id}\` was rolled back; start its plan anew with \`ra dispatch\``);
  }
  const limit = reachedCap(state.counts);
  if (limit !== null) throw exhausted(state, limit);
  // Tasks that need it would start without it, and the run would end without it.
  refuseDiscarded(
    state,
    [...state.tasks.values()].filter((task) => task.status === "done"),
  );
  if (!takesOver || standingOf(state.owner) !== "elsewhere") refuseDriven(state);
}

function exhausted({ id, counts, tasks }: RunState, limit: LimitName): RaError {
  const left = [...tasks.values()].filter(({ status }) => status !== "done");
  const named = left.slice(0, namedMax).map(({ task }) => task.id);
  return new RaError({
    code: "RUN_EXHAUSTED",
    exitCode: ExitCode.budget,
    message: `run \`${id}\` has ${counts[limit]} ${limit}, which is the most`,
    hint: `start what is left anew: \`ra dispatch PLAN --only ${named.join(",")}${left.length > namedMax ? ",..." : ""}\``,
  });
}

function refusal(message: string): RaError {
  return new RaError({ code: "NOTHING_TO_RESUME", exitCode: ExitCode.usage, message });
}
