import { join } from "node:path";
import type { Chain } from "../core/dispatch/chain.ts";
import type { Clash } from "../core/dispatch/clash.ts";
import type { Dispatcher } from "../core/dispatch/dispatcher.ts";
import { fenced, fencedMachine } from "../core/dispatch/fenced.ts";
import { openClashes, takeOverLanded } from "../core/dispatch/recovery.ts";
import { dropSessionState } from "../core/dispatch/session-state.ts";
import { finishRun } from "../core/dispatch/summary.ts";
import type { ExitCode } from "../core/error.ts";
import { thisMachine } from "../core/process/machine.ts";
import type { Published } from "../core/run/event.ts";
import type { RunState } from "../core/run/state.ts";
import { composeRun, type RunParts } from "./compose.ts";
import { type First, type Taking, takeRun } from "./takeover.ts";

/**
 * The course of a run from its first fact to its last: it is taken, put in order, put together and run. `onReady` gets the
 * dispatcher before it runs. Gives the exit code.
 */
export async function followCourse(
  parts: RunParts & Pick<Taking, "terminal" | "inTurn">,
  first: First,
  onReady: (dispatcher: Dispatcher, state: RunState | undefined) => void,
): Promise<ExitCode> {
  const { run, registry } = parts;
  const { results } = await takeRun(parts, first);
  const state = await registry.state(run);
  const clashes = await clashesOf(parts, state);
  const { dispatcher, crew, chain } = composeRun({
    ...parts,
    ...fencedBy(parts, () => registry.refuseSuperseded(run)),
    ...{ state, results, clashes },
  });
  await using hands = crew;
  onReady(dispatcher, state);
  const published = await takeOver(parts, chain, state);
  const { exitCode } =
    published === null
      ? await dispatcher.run()
      : await finishRun({ log: registry, run, published, ending: null, hands });
  const ended = await registry.state(run);
  if (ended) dropSessionState(join(parts.place.stateDir, "runs", run), ended);
  // Last: should this process die before, its directory tells the next run that something is left to do.
  await parts.repository?.tidy(run);
  return exitCode as ExitCode;
}

function fencedBy(
  { repository, machine = thisMachine }: RunParts,
  check: () => void,
): Pick<RunParts, "repository" | "machine"> {
  return {
    repository: repository && fenced(repository, check),
    machine: fencedMachine(machine, check),
  };
}

async function clashesOf(
  { repository }: RunParts,
  state: RunState | undefined,
): Promise<ReadonlyMap<string, Clash>> {
  return repository === null || !state ? new Map() : await openClashes(repository, state);
}

/** Null, or why what landed before the run broke off cannot go on to the target. */
async function takeOver(
  { repository, ground }: RunParts,
  chain: Chain | null,
  state: RunState | undefined,
): Promise<Published | null> {
  if (repository === null || ground === null || chain === null || !state) return null;
  return await takeOverLanded({ repository, chain, state, target: ground.target });
}
