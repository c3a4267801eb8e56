import { assert } from "../../core/assert.ts";
import { ExitCode, RaError } from "../../core/error.ts";
import { processIdentity } from "../../core/process/table.ts";
import { findRun } from "../../core/registry/find-run.ts";
import type { RunState } from "../../core/run/state.ts";
import { findPlace } from "../../core/workspace/place.ts";
import type { CommandBody } from "../command.ts";
import { loadConfig } from "../config.ts";
import { driveRun, partsOf, prepareRun, type RunOrder } from "../drive.ts";
import { refuseDriven } from "../driven.ts";
import { flag } from "../option.ts";
import { paceOf } from "../pace.ts";
import { demandRecorded } from "../recorded.ts";
import { runnerNames } from "../runner-names.ts";

/** `ra resume RUN`: goes on with a run that was stopped or interrupted; what is done stays done. */
export const run: CommandBody = async ({ terminal, args, options }) => {
  const place = findPlace(terminal.cwd);
  await using registry = await demandRecorded(place);
  await registry.reap();
  const id = findRun(registry.database, args[0] ?? "");
  const state = await registry.state(id);
  assert(state, `run ${id} is listed, but has no events`);
  refuseUnlessOpen(state);
  const config = await loadConfig({ root: place.root, env: terminal.env, runners: runnerNames });
  const { plan, planPath, concurrency, target, base } = state;
  const dispatchFile = plan.format === "dispatch" ? planPath : null;
  const order: RunOrder = {
    terminal,
    config,
    plan,
    planPath,
    concurrency,
    target,
    // What landed before is put on top of where the target is now.
    base: target === null ? (base ?? plan.base) : `refs/heads/${target}`,
    json: flag(options, "json"),
    ...paceOf(terminal, options, { mode: state.mode, dispatchFile }),
  };
  const parts = partsOf(order, await prepareRun(order));
  const owner = processIdentity(process.pid);
  return await driveRun(order, { ...parts, run: id, registry, state }, (now) => {
    // Somebody else may have resumed it since.
    if (now) refuseUnlessOpen(now);
    return { type: "run.resumed", owner };
  });
};

function refuseUnlessOpen(state: RunState): void {
  const { id, status } = state;
  if (status === "succeeded") throw refusal(`run \`${id}\` has succeeded; nothing is left to do`);
  if (status === "rolled-back") {
    throw refusal(`run \`${id}\` was rolled back; start its plan anew with \`ra dispatch\``);
  }
  refuseDriven(state);
}

function refusal(message: string): RaError {
  return new RaError({ code: "NOTHING_TO_RESUME", exitCode: ExitCode.usage, message });
}
