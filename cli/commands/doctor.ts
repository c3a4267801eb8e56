import { statSync } from "node:fs";
import { type Diagnosis, problem } from "../../core/diagnosis.ts";
import { lowWaterDefault } from "../../core/disk-space.ts";
import { ExitCode, RaError } from "../../core/error.ts";
import { jsonText } from "../../core/plain-text.ts";
import { type CgroupProbe, probeCgroup } from "../../core/process/cgroup-probe.ts";
import { modeVariable } from "../../core/process/custody.ts";
import { processIdentity } from "../../core/process/table.ts";
import { checkRegistry } from "../../core/registry/checkup.ts";
import { salvageRegistry } from "../../core/registry/salvage.ts";
import { gitFitness, repositoryFitness, workspacesFitness } from "../../core/workspace/fitness.ts";
import { workspacesTop } from "../../core/workspace/layout.ts";
import { findPlace, type Place } from "../../core/workspace/place.ts";
import { leftoversOf, remainsSite } from "../../core/workspace/remains.ts";
import { inRecoveryTurn } from "../../core/workspace/turn.ts";
import type { CommandBody, Terminal } from "../command.ts";
import { type Config, loadConfig } from "../config.ts";
import { agentDiagnoses } from "../doctor/agents.ts";
import {
  clockDiagnoses,
  diskDiagnoses,
  environmentDiagnoses,
  pathDiagnoses,
  processDiagnoses,
} from "../doctor/machine.ts";
import { leftoverDiagnoses, runDiagnoses } from "../doctor/runs.ts";
import { selftest } from "../doctor/selftest.ts";
import { flag } from "../option.ts";
import { runnerNames } from "../runner-names.ts";
import { say } from "../say.ts";
import { doctorView } from "../view/doctor.ts";

/** `ra doctor`: everything that could keep runs from working here, with what mends it. Changes nothing without `--mend`. */
export const run: CommandBody = async ({ terminal, options }) => {
  const { place, trouble } = placeOf(terminal);
  if (flag(options, "mend") && place !== null) await mend(terminal, place);
  const { config, trouble: wrong } = await configOf(terminal, place);
  const [surroundings, agents] = await Promise.all([
    examine(terminal, place, config),
    config === null ? [] : agentDiagnoses(config, terminal.env, terminal.cwd),
  ]);
  const tested = flag(options, "selftest") ? await selftest(terminal) : [];
  const others = [...trouble, ...wrong, ...surroundings, ...tested];
  const found = [...others, ...agents];
  const exitCode = exitOf(others, agents);
  if (flag(options, "json")) {
    const ok = exitCode === ExitCode.ok;
    terminal.out(`${jsonText({ v: 1, ok, exitCode, findings: found })}\n`);
  } else terminal.out(doctorView(found));
  return exitCode;
};

/** Mends a damaged registry, and says what became of it. An intact one is left alone. */
async function mend(terminal: Terminal, { stateDir }: Place): Promise<void> {
  const mended = await inRecoveryTurn(stateDir, async () => {
    if (!checkRegistry(stateDir)?.damaged) return null;
    return await salvageRegistry(stateDir, new Date().toISOString().replace(/[:.]/g, "-"));
  });
  if (mended === null) {
    say(terminal, "there is no damaged registry to mend");
    return;
  }
  const { aside, runs, lost } = mended;
  say(terminal, `moved the damaged registry to ${aside}, and kept ${runs.length} runs of it`);
  for (const run of lost) {
    say(terminal, `run ${run} could not be read: its results stay below refs/ra/${run}/`);
  }
}

/** An agent that cannot be used is the runner's trouble; anything else is that of the surroundings and rules. */
function exitOf(others: readonly Diagnosis[], agents: readonly Diagnosis[]): ExitCode {
  const isBad = ({ severity }: Diagnosis): boolean => severity === "problem";
  if (others.some(isBad)) return ExitCode.environment;
  return agents.some(isBad) ? ExitCode.runnerUnfit : ExitCode.ok;
}

function placeOf(terminal: Terminal): { place: Place | null; trouble: readonly Diagnosis[] } {
  try {
    return { place: findPlace(terminal.cwd), trouble: [] };
  } catch (error) {
    return { place: null, trouble: [ofError("repository", error)] };
  }
}

async function examine(
  terminal: Terminal,
  place: Place | null,
  config: Config | null,
): Promise<readonly Diagnosis[]> {
  const { env, cwd } = terminal;
  const git = await gitFitness(cwd, env);
  // Without git there is nothing that could look into a repository.
  const hasGit = git.every(({ severity }) => severity !== "problem");
  const repository = place === null || !hasGit ? [] : await repositoryFitness(place, env);
  const workspaces = place === null ? [] : await workspacesFitness(place, env);
  const { found: runs, lastMs } =
    place === null ? nothing : await runDiagnoses(place, channelsOf(config));
  const written = [
    ...(place === null ? [] : [{ name: "the registry", path: place.stateDir }]),
    { name: "workspaces", path: workspacesTop(env) },
  ];
  const self = Bun.isStandaloneExecutable ? process.execPath : null;
  return [
    ...git,
    ...repository,
    ...workspaces,
    ...diskDiagnoses(written, config?.lowWaterBytes ?? lowWaterDefault),
    ...processDiagnoses(processIdentity(process.pid).startTicks !== null, cgroupFor(env)),
    ...runs,
    ...(place === null ? [] : setAside(place, env)),
    ...pathDiagnoses(env.PATH ?? "", self),
    ...environmentDiagnoses(env),
    ...clockDiagnoses(Date.now(), self === null ? null : statSync(self).mtimeMs, lastMs),
  ];
}

/** As a run would choose. */
function cgroupFor(env: Terminal["env"]): CgroupProbe {
  return env[modeVariable] === "shim"
    ? { usable: false, reason: `${modeVariable}=shim asks for none` }
    : probeCgroup();
}

/** Names of the channels that the config opens. */
function channelsOf(config: Config | null): readonly string[] {
  const opened = Object.entries(config?.serve.channels ?? {});
  return opened.flatMap(([name, settings]) => (settings === null ? [] : [name]));
}

const nothing = { found: [], lastMs: null };

function setAside(place: Place, env: Terminal["env"]): readonly Diagnosis[] {
  try {
    return leftoverDiagnoses(leftoversOf(remainsSite(place, env)));
  } catch (error) {
    // The workspaces directory cannot be used, and that is told already.
    if (error instanceof RaError) return [];
    throw error;
  }
}

/** The config; null, and what is wrong, when it is not valid. */
async function configOf(
  terminal: Terminal,
  place: Place | null,
): Promise<{ readonly config: Config | null; readonly trouble: readonly Diagnosis[] }> {
  const { env, cwd } = terminal;
  try {
    const root = place?.root ?? cwd;
    return { config: await loadConfig({ root, env, runners: runnerNames }), trouble: [] };
  } catch (error) {
    return { config: null, trouble: [ofError("config", error)] };
  }
}

function ofError(check: string, error: unknown): Diagnosis {
  if (!(error instanceof RaError)) throw error;
  return problem(check, error.message, error.hint ?? null);
}
