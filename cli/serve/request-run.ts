import { Bug } from "../../core/assert.ts";
import { ExitCode, RaError } from "../../core/error.ts";
import { loadPlan } from "../../core/plan/load.ts";
import { thisOwner } from "../../core/process/owner.ts";
import { seclude } from "../../core/process/seclusion.ts";
import type { QueuedRequest, Settlement } from "../../core/queue/request.ts";
import { Registry } from "../../core/registry/registry.ts";
import { Requests } from "../../core/registry/requests.ts";
import type { RunState } from "../../core/run/state.ts";
import { findPlace } from "../../core/workspace/place.ts";
import type { Terminal } from "../command.ts";
import { concurrencyOf, knownOf, loadConfig } from "../config.ts";
import { type AskedRun, prepareRun, type RunOrder, startRun } from "../drive.ts";
import { answerFromFile, together } from "../followers.ts";
import { runnerNames } from "../runner-names.ts";
import { fileOf, tellEnd, writesBack } from "../watch/watched-file.ts";
import { settlementOf, shortReason } from "./settlement.ts";

/** What does not speak against the request, but against the moment: it is tried again. */
const passing = /^(REGISTRY_|RUN_DRIVEN|RUN_HELD|RUN_TAKEN_OVER|RECOVERY_BUSY|REQUEST_)/;

/**
 * Drives a request from wherever it stands to its end, in a process of its own: starts its run, goes on with one that broke off,
 * or records what has become of it. Who does the same at the same time is refused by the claim and by the run.
 */
export async function driveRequest(id: string, terminal: Terminal): Promise<ExitCode> {
  // Agents of other requests may be at work already: they could read the environment of this process.
  await seclude();
  await using registry = await Registry.open(findPlace(terminal.cwd));
  const requests = new Requests(registry.database);
  if (!requests.claim(id, thisOwner())) return ExitCode.ok;
  const request = requests.find(id);
  if (request === null) return ExitCode.ok;
  try {
    await drive(request, await registry.state(request.run), silent(terminal));
  } catch (error) {
    if (!(error instanceof RaError)) {
      requests.remark(id, shortReason(`a fault in \`ra\`: ${(error as Error).message}`));
      throw error;
    }
    const isOpen = (await registry.state(request.run)) !== undefined;
    const reason = shortReason(`${error.message}${error.hint ? `; ${error.hint}` : ""}`);
    if (isOpen || passing.test(error.code)) {
      requests.remark(id, reason);
      return error.exitCode;
    }
    // There is no run yet: a runner is missing, a branch, a login.
    const status = requests.find(id)?.cancelledBy === null ? "rejected" : "cancelled";
    end(request, { status, exitCode: error.exitCode, reason }, undefined);
    return error.exitCode;
  }
  const state = await registry.state(request.run);
  const isCancelled = (requests.find(id)?.cancelledBy ?? null) !== null;
  const settlement = state === undefined ? null : settlementOf(state, isCancelled);
  if (settlement !== null) end(request, settlement, state);
  return ExitCode.ok;

  function end(ended: QueuedRequest, how: Settlement, run: RunState | undefined): void {
    const file = fileOf(ended);
    if (file !== null) tellEnd(file, how, run);
    requests.settle(ended.id, how);
  }
}

async function drive(
  request: QueuedRequest,
  state: RunState | undefined,
  terminal: Terminal,
): Promise<void> {
  if (state === undefined) {
    const order = await orderOf(request, terminal);
    await startRun(order, await prepareRun(order), askedRun(request));
    return;
  }
  if (settlementOf(state, request.cancelledBy !== null) !== null) return;
  const { goOn } = await import("../commands/resume.ts");
  const file = fileOf(request);
  const follow = file === null ? null : writesBack(file, terminal);
  await goOn({ terminal, args: [request.run], options: { wait: true } }, { follow });
}

async function orderOf(request: QueuedRequest, terminal: Terminal): Promise<RunOrder> {
  const { root } = findPlace(terminal.cwd);
  const config = await loadConfig({ root, env: terminal.env, runners: runnerNames });
  const loaded = loadPlan(request.plan, knownOf(config, runnerNames));
  if (!loaded.ok) throw unfit(loaded.error[0]?.message ?? "it is not valid");
  const plan = loaded.value;
  const file = fileOf(request);
  const follow =
    file === null ? null : together([answerFromFile(file.path), writesBack(file, terminal)]);
  return {
    ...{
      terminal,
      config,
      plan,
      planPath: file?.path ?? null,
      mode: plan.mode,
      json: true,
      follow,
    },
    concurrency: concurrencyOf(config, plan),
    target: plan.target,
    base: plan.base,
    // By way of the gateway, or `ra continue`.
    answers: "elsewhere",
  };
}

/** The config has changed since the request was accepted. */
function unfit(why: string): RaError {
  return new RaError({
    code: "PLAN_UNFIT",
    exitCode: ExitCode.usage,
    message: `its plan does not fit the config any more: ${why}`,
  });
}

function askedRun({ id, run }: QueuedRequest): AskedRun {
  return {
    ...{ id, run },
    refuse(registry, state) {
      if (state !== undefined) throw elsewhere(run);
      const request = new Requests(registry.database).find(id);
      if (request === null) throw new Bug(`request ${id} has gone while it ran`);
      if (request.cancelledBy === null) return;
      throw new RaError({
        code: "CANCELLED",
        exitCode: ExitCode.interrupted,
        message: `cancelled by ${request.cancelledBy} before it started`,
      });
    },
  };
}

function elsewhere(run: string): RaError {
  return new RaError({
    code: "REQUEST_RUN_TAKEN",
    exitCode: ExitCode.environment,
    message: `run \`${run}\` has been started by another process`,
  });
}

/** Nobody reads along: what counts is in the registry. */
function silent(terminal: Terminal): Terminal {
  return {
    cwd: terminal.cwd,
    env: terminal.env,
    out: () => {},
    err: () => {},
    interactive: false,
    color: false,
    columns: 80,
    ask: async () => null,
  };
}
