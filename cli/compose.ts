import { join } from "node:path";
import type { Assignment } from "../core/dispatch/assignment.ts";
import type { AttemptEnd } from "../core/dispatch/attempt.ts";
import { Chain } from "../core/dispatch/chain.ts";
import { extendClaim } from "../core/dispatch/claim-extension.ts";
import type { Clash } from "../core/dispatch/clash.ts";
import { Crew } from "../core/dispatch/crew.ts";
import { DiskGuard } from "../core/dispatch/disk-guard.ts";
import { Dispatcher } from "../core/dispatch/dispatcher.ts";
import { HandsOnFullDisk } from "../core/dispatch/full-disk.ts";
import { keepOnBranch } from "../core/dispatch/kept-branch.ts";
import { type KnownChecks, onceOnly } from "../core/dispatch/known-checks.ts";
import { QuestionDesk } from "../core/dispatch/question-desk.ts";
import { Roster } from "../core/dispatch/roster.ts";
import { checkLog, verify } from "../core/dispatch/verify.ts";
import { buildGraph, criticalPath, type Graph } from "../core/plan/graph.ts";
import type { Plan, Task } from "../core/plan/plan.ts";
import type { Runner } from "../core/plugin/runner.ts";
import { programEnvironment } from "../core/process/environment.ts";
import type { Recording } from "../core/process/log.ts";
import { type Machine, thisMachine } from "../core/process/machine.ts";
import { durations } from "../core/registry/durations.ts";
import { occupants } from "../core/registry/occupants.ts";
import { liveProcesses } from "../core/registry/query.ts";
import type { Registry } from "../core/registry/registry.ts";
import type { Fact } from "../core/run/event.ts";
import type { RunState } from "../core/run/state.ts";
import { workspacesTop } from "../core/workspace/layout.ts";
import type { Place } from "../core/workspace/place.ts";
import type { GitRepository } from "../core/workspace/workspace.ts";
import type { Config } from "./config.ts";
import { knowSecrets } from "./secrets.ts";

/** What a run works on. */
export interface Ground {
  /** The branch to land on. */
  readonly target: string;
  /** The commit to start from. */
  readonly base: string;
  /** True when that is where the target stands: the run then keeps up with it. */
  readonly follows: boolean;
}

/** Everything a run needs that was found out before it starts. */
export interface RunParts {
  readonly run: string;
  readonly plan: Plan;
  readonly place: Place;
  readonly config: Config;
  readonly registry: Registry;
  readonly runners: ReadonlyMap<string, Runner>;
  /** Null when no task needs git. */
  readonly repository: GitRepository | null;
  /** Null without git. */
  readonly ground: Ground | null;
  readonly stepThrough: boolean;
  readonly concurrency: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
  /** What the log knows of the run, when it is resumed. */
  readonly state: RunState | undefined;
  /** Results of an earlier process of the run that are still to land, by task. */
  readonly results?: ReadonlyMap<string, AttemptEnd>;
  /** Conflicts that were open when an earlier process of the run died, by task. */
  readonly clashes?: ReadonlyMap<string, Clash>;
  /** Where it runs; this machine by default. */
  readonly machine?: Machine;
  /** How long a question of an agent waits, in milliseconds; by default nobody is there to be asked. */
  readonly questionMs?: number;
}

/** A dispatcher with its hands. The only place that knows that the log is SQLite and the workspaces are git. */
export interface Composed {
  readonly dispatcher: Dispatcher;
  readonly crew: Crew;
  readonly chain: Chain | null;
}

/** Milliseconds a point of difficulty stands for in the critical path, while there is no history. */
const msPerPoint = 60_000;

/** Points of difficulty of a task that names none. */
const difficultyDefault = 3;

/** Puts a run together. Nothing is started. */
export function composeRun(parts: RunParts): Composed {
  const { run, plan, place, registry, repository, state, machine = thisMachine } = parts;
  const graph = buildGraph(plan.tasks);
  const roster = new Roster({
    plan,
    graph,
    runners: parts.runners,
    priority: priorities(plan, graph, registry),
    state,
    ...(parts.clashes === undefined ? {} : { clashes: parts.clashes }),
    accounts: accountsOf(parts.config),
  });
  const environment = environments(parts);
  const recording = recordingOf(parts);
  const logs = join(place.stateDir, "runs");
  const checks = new AbortController();
  const known = {
    // Of earlier processes alone: what this one checks twice it has a reason for.
    passed: new Map(state?.passed),
    record: (fact: Fact) => registry.append(run, [fact]),
  };
  const chain = makeChain(parts, { graph, environment, recording, known, signal: checks.signal });
  const { redactor } = recording;
  const waitMs = parts.questionMs ?? 0;
  const desk = new QuestionDesk({ run, log: registry, clock: machine.clock, waitMs, redactor });
  const crew = new Crew({
    run,
    machine,
    roster,
    repository,
    chain,
    checks,
    directory: parts.directory,
    logs,
    recording,
    environment: ({ task, runner, model }: Assignment) => {
      const { environment: all, environmentFor } = runner.traits;
      return environment(task, model === null ? all : (environmentFor?.(model) ?? all));
    },
    processes: async () => liveProcesses(registry.database),
    occupants: async (directory, than) => {
      // What this run has begun must be there for the others before it looks for theirs.
      await registry.flush();
      return occupants(registry.database, directory, than);
    },
    claimsBeside: async (task) => registry.claimsBeside(run, task),
    extendClaim: (request) => extendClaim({ log: registry, run, shared: plan.shared }, request),
    ask: (...question) => desk.ask(...question),
    record: (fact) => registry.append(run, () => [fact()]),
  });
  const guard = guardOf(parts, machine);
  const dispatcher = new Dispatcher({
    run,
    log: registry,
    clock: machine.clock,
    roster,
    hands: new HandsOnFullDisk(crew, guard, machine.clock),
    guard,
    concurrency: parts.concurrency,
    perRunner: runnerCaps(parts.config),
    stepThrough: parts.stepThrough,
    counts: state?.counts,
    ...(parts.results === undefined ? {} : { results: parts.results }),
  });
  return { dispatcher, crew, chain };
}

/** The disks of the registry and logs, of the workspaces and of git's objects; most often one. */
function guardOf({ place, config, env }: RunParts, { clock, freeBytes }: Machine): DiskGuard {
  const places = [
    { name: "the registry", path: place.stateDir },
    { name: "workspaces", path: workspacesTop(env) },
    ...(place.commonDir === null ? [] : [{ name: "git", path: join(place.commonDir, "objects") }]),
  ];
  return new DiskGuard({ places, lowWaterBytes: config.lowWaterBytes, clock, freeOf: freeBytes });
}

/** What landing and checking need of a run. */
export type LandingParts = Pick<
  RunParts,
  "run" | "plan" | "place" | "config" | "repository" | "ground" | "env" | "machine"
>;

/** A chain for a run that has ended, to land what it kept; null without git. `signal` ends the checks. */
export function composeLanding(
  parts: LandingParts,
  known: Omit<KnownChecks, "tree">,
  signal: AbortSignal,
): Chain | null {
  const { run, plan } = parts;
  return makeChain(parts, {
    graph: buildGraph(plan.tasks),
    environment: environments(parts),
    recording: recordingOf(parts),
    signal,
    known,
    // It stays where the run put it, and the user may have gone on working there.
    keep: async () => `ra/${run}`,
  });
}

type Checked = LandingParts & { readonly repository: GitRepository };

/** Runs a check command on a commit as the run did; null when it passed, else why not. */
export type Check = (command: string, commit: string, task: Task) => Promise<string | null>;

/** The check of a rollback, with a log of its own beside those of the task. */
export function composeCheck(parts: Checked, signal: AbortSignal): Check {
  const rest = { environment: environments(parts), recording: recordingOf(parts), signal };
  const check = verifier(parts, rest);
  return async (command, commit, task) =>
    (await check(command, commit, { task, attempt: "rollback" })).complaint;
}

/** How a check runs, for landing and for taking back. */
function verifier(
  { run, repository, place, machine = thisMachine }: Checked,
  rest: {
    readonly environment: Environments;
    readonly recording: Recording;
    readonly signal: AbortSignal;
  },
) {
  const { environment, recording, signal } = rest;
  return (
    command: string,
    commit: string,
    { task, attempt }: { readonly task: Task; readonly attempt: number | "rollback" },
  ) =>
    verify({
      repository,
      run,
      task: task.id,
      command,
      commit,
      ...task.verifyLimits,
      environment: environment(task, ["*"]),
      recording,
      signal,
      machine,
      logPath: (tries) =>
        join(place.stateDir, "runs", run, task.id, checkLog(String(attempt), tries)),
    });
}

function makeChain(
  parts: LandingParts,
  rest: {
    readonly graph: Graph;
    readonly environment: Environments;
    readonly recording: Recording;
    readonly signal: AbortSignal;
    readonly known: Omit<KnownChecks, "tree">;
    readonly keep?: (commit: string) => Promise<string>;
  },
): Chain | null {
  const { run, repository, ground } = parts;
  const { graph } = rest;
  if (repository === null || ground === null) return null;
  const rank = new Map(graph.order.map((position, rank) => [parts.plan.tasks[position]?.id, rank]));
  return new Chain({
    repository,
    run,
    ...ground,
    rank: (task) => rank.get(task.id) ?? 0,
    keep: rest.keep ?? ((commit) => keepOnBranch(repository, run, commit)),
    verify: onceOnly(verifier({ ...parts, repository }, rest), {
      ...rest.known,
      tree: (commit) => repository.tree(commit),
    }),
  });
}

function recordingOf({ plan, config, env }: Pick<RunParts, "plan" | "config" | "env">): Recording {
  return { bytesMax: config.logBytesMax, redactor: knowSecrets(env, config.secrets, plan) };
}

type Environments = (task: Task, patterns: readonly string[]) => Readonly<Record<string, string>>;

/** The environment of a task's programs; the part that follows from the patterns is made once. */
function environments(parts: Pick<RunParts, "env" | "run">): Environments {
  const known = new Map<string, Record<string, string>>();
  return (task, patterns) => {
    const names = JSON.stringify(patterns);
    const shared = known.get(names) ?? programEnvironment(parts.env, patterns);
    known.set(names, shared);
    return { ...shared, RA_RUN: parts.run, RA_TASK: task.id, ...task.env };
  };
}

/** The longest way to the end from each task: by how long it took before, else by its difficulty. */
function priorities(plan: Plan, graph: Graph, registry: Registry): readonly number[] {
  const history = durations(registry.database, plan.name);
  const weightOf = (position: number): number => {
    const task = plan.tasks[position] as Task;
    return history.get(task.id) ?? (task.difficulty ?? difficultyDefault) * msPerPoint;
  };
  return criticalPath(graph, weightOf).priority;
}

function runnerCaps(config: Config): Readonly<Record<string, number>> {
  const caps = Object.entries(config.runners).flatMap(([name, { concurrency }]) =>
    concurrency === null ? [] : [[name, concurrency] as const],
  );
  return Object.fromEntries(caps);
}

function accountsOf(config: Config): Readonly<Record<string, string>> {
  const named = Object.entries(config.runners).flatMap(([name, { provider }]) =>
    provider === null ? [] : [[name, provider] as const],
  );
  return Object.fromEntries(named);
}
