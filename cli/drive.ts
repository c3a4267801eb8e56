import { realpathSync } from "node:fs";
import type { Dispatcher } from "../core/dispatch/dispatcher.ts";
import { ExitCode, RaError } from "../core/error.ts";
import { newRunId } from "../core/id.ts";
import type { Isolation, Mode, Plan } from "../core/plan/plan.ts";
import { runnersOf } from "../core/plan/task-runners.ts";
import type { Runner } from "../core/plugin/runner.ts";
import { setProcessesMax } from "../core/process/custody.ts";
import { thisOwner } from "../core/process/owner.ts";
import { seclude } from "../core/process/seclusion.ts";
import { Registry } from "../core/registry/registry.ts";
import { Requests } from "../core/registry/requests.ts";
import { ReportWriter } from "../core/report/writer.ts";
import type { Event, Fact } from "../core/run/event.ts";
import type { RunState } from "../core/run/state.ts";
import { findPlace, type Place } from "../core/workspace/place.ts";
import { openRepository } from "../core/workspace/repository.ts";
import type { GitRepository, Repository } from "../core/workspace/workspace.ts";
import type { Terminal } from "./command.ts";
import type { Ground, RunParts } from "./compose.ts";
import type { Config } from "./config.ts";
import { followCourse } from "./course.ts";
import { keepCustody } from "./custody.ts";
import { eventLine } from "./event-line.ts";
import type { Follower } from "./followers.ts";
import { capLogs } from "./log-cap.ts";
import type { Answers } from "./pace.ts";
import { loadRunners, probeRunners } from "./runners.ts";
import { say } from "./say.ts";
import { handleSignals, type SignalWatch } from "./signals.ts";
import type { First } from "./takeover.ts";
import { excessText } from "./view/log-cap.ts";
import { ProgressLines } from "./view/progress.ts";
import { showSummary } from "./view/summary.ts";

/** A run that a command asks for. */
export interface RunOrder {
  readonly terminal: Terminal;
  readonly config: Config;
  readonly plan: Plan;
  /** As the user wrote it; null for a request that has no file. */
  readonly planPath: string | null;
  readonly mode: Mode;
  readonly concurrency: number;
  readonly target: string | null;
  readonly base: string;
  readonly json: boolean;
  readonly answers: Answers;
  /** Follows the run besides the view, and may answer a pause. */
  readonly follow: Follower | null;
}

/** A run that comes of a request to the gateway. */
export interface AskedRun {
  readonly id: string;
  readonly run: string;
  /** Throws, in the transaction that would open the run, when it must not be. */
  refuse(registry: Registry, state: RunState | undefined): void;
}

/** What stands before a run: where, with whom, on what. */
export interface Preparation {
  readonly place: Place;
  readonly runners: ReadonlyMap<string, Runner>;
  readonly repository: GitRepository | null;
  readonly ground: Ground | null;
  readonly stepThrough: boolean;
}

/** Finds out everything that could keep a run from starting. Nothing is recorded. Throws `RaError`. */
export async function prepareRun(order: RunOrder): Promise<Preparation> {
  const { terminal, plan, config } = order;
  const place = findPlace(realpathSync(terminal.cwd));
  keepCustody(terminal, place);
  setProcessesMax(config.processesMax);
  const runners = await loadRunners(plan, config, terminal.env, terminal.cwd);
  const stepThrough = order.mode === "step-through";
  demandAnswers(order, runners);
  const needsGit = plan.tasks.some((task) => isolationOf(task, runners) !== "none");
  const repository = needsGit
    ? await openRepository(place, { env: terminal.env, results: config.results })
    : null;
  const ground = repository === null ? null : await findGround(repository, order);
  await probeRunners(runners, plan);
  return { place, runners, repository, ground, stepThrough };
}

function isolationOf(
  task: { readonly runner: string; readonly isolation: Isolation | null },
  runners: ReadonlyMap<string, Runner>,
): Isolation {
  return task.isolation ?? runners.get(task.runner)?.traits.isolation ?? "clone";
}

/** Exit 3 before anything starts, when the run would wait for an answer that nobody can give. */
function demandAnswers(order: RunOrder, runners: ReadonlyMap<string, Runner>): void {
  if (order.answers !== "nobody") return;
  const { tasks } = order.plan;
  const isStepping = (name: string): boolean => !runners.get(name)?.traits.parallel;
  const stepping = tasks.flatMap(runnersOf).find(isStepping);
  // After the last task there is nothing to ask; but a plan that steps through is refused whatever its length.
  if (order.mode === "auto" && (!stepping || tasks.length < 2)) return;
  const why =
    order.mode === "auto"
      ? `\`${stepping}\` is not declared safe to run unattended, so the run asks after each of its tasks`
      : "the plan steps through, so it waits for `continue` after each group of tasks";
  throw new RaError({
    code: "NEEDS_ANSWER",
    exitCode: ExitCode.needsPerson,
    message: `${why}, and nobody is there to answer`,
    hint:
      order.mode === "auto"
        ? `pass \`--wait\` and answer with \`ra continue\`, or declare it safe: \`runners: { ${stepping}: { parallel: true } }\` in your own config`
        : "pass `--auto` to run through, or `--wait` and answer with `ra continue`",
  });
}

async function findGround(repository: Repository, order: RunOrder): Promise<Ground> {
  const target = order.target ?? (await repository.currentBranch());
  if (target === null) {
    throw new RaError({
      code: "HEAD_DETACHED",
      exitCode: ExitCode.environment,
      message: "no branch is checked out, so there is nothing to land on",
      hint: "name a branch with `--target`",
    });
  }
  const base = await repository.resolve(order.base);
  const tip = await repository.branchTip(target);
  if (tip === null) {
    throw new RaError({
      code: "TARGET_UNKNOWN",
      exitCode: ExitCode.environment,
      message: `there is no branch \`${target}\` to land on`,
      hint: `create it with \`git branch ${target}\``,
    });
  }
  return { target, base, follows: base === tip };
}

/** Starts a new run and drives it to its end. `asked`: the request that it comes of, which has decided its id. */
export async function startRun(
  order: RunOrder,
  prepared: Preparation,
  asked: AskedRun | null = null,
): Promise<ExitCode> {
  const { plan, planPath, mode, concurrency } = order;
  await using registry = await Registry.open(prepared.place);
  await registry.reap();
  const run = asked?.run ?? (await freeRunId(registry));
  const started: Fact = {
    type: "run.started",
    name: plan.name,
    planPath,
    plan,
    mode,
    concurrency,
    target: prepared.ground?.target ?? null,
    base: prepared.ground?.base ?? null,
    owner: thisOwner(),
    epoch: 1,
    requestId: asked?.id ?? null,
  };
  return await driveRun(
    order,
    { ...partsOf(order, prepared), run, registry, state: undefined },
    (state) => {
      asked?.refuse(registry, state);
      return started;
    },
  );
}

/** How long an agent waits for an answer where somebody may give one, in milliseconds. */
const questionMsAttended = 30 * 60_000;

/** Everything of a run but its id, its registry and what is known of it. */
export function partsOf(
  order: RunOrder,
  prepared: Preparation,
): Omit<RunParts, "run" | "registry" | "state"> {
  const { plan, config, concurrency, terminal } = order;
  const directory = prepared.place.checkout ?? prepared.place.root;
  const questionMs = config.questionMs ?? (order.answers === "nobody" ? 0 : questionMsAttended);
  return { plan, config, concurrency, env: terminal.env, directory, questionMs, ...prepared };
}

/** Drives a run to its end: views, reports, signals around the dispatcher. `first` opens the run in the log, or throws. */
export async function driveRun(order: RunOrder, parts: RunParts, first: First): Promise<ExitCode> {
  const { terminal, json } = order;
  const { run, registry } = parts;
  await using _reports = new ReportWriter(registry, parts.place.root, {
    onError: (error) => say(terminal, `.ra/ lags behind: ${(error as Error).message}`),
  });
  const progress = json ? null : new ProgressLines(terminal, () => state);
  let state = parts.state;
  const out = guarded(terminal);
  const show = (event: Event): void => {
    if (event.run !== run) return;
    if (json) out.print(eventLine(event));
    progress?.show(event);
  };
  // Before the view: a question that somebody has answered leaves the screen before the next line.
  let dispatcher: Dispatcher | null = null;
  const interrupt = (): void => dispatcher?.interrupt();
  const stopFollowing = order.follow?.({ run, registry, interrupt });
  const unsubscribe = registry.subscribe(show);
  try {
    // Before any agent starts: it could read the environment of `ra`, where the user's secrets are.
    await seclude();
    let signals: SignalWatch | null = null;
    // Beside the run: nothing of it waits for the sizes of old logs.
    let capped: Promise<void> | null = null;
    try {
      const exitCode = await followCourse({ ...parts, terminal }, first, (composed, now) => {
        state = now;
        dispatcher = composed;
        signals = handleSignals(terminal, run, composed);
        capped = keepLogsWithin(order, parts);
      });
      await keepLogsWithin(order, parts, true);
      if (!json) showSummary(terminal, await registry.state(run));
      out.check();
      return (signals as SignalWatch | null)?.exitCode(exitCode) ?? exitCode;
    } finally {
      (signals as SignalWatch | null)?.close();
      await capped;
    }
  } finally {
    unsubscribe();
    stopFollowing?.();
    progress?.close();
  }
}

/** Trouble with old logs is told and keeps nobody from working. `tells`: of logs that stay beyond the cap, too. */
async function keepLogsWithin(
  { terminal, config }: RunOrder,
  { registry, place, run }: RunParts,
  tells = false,
): Promise<void> {
  try {
    const { stateDir } = place;
    const { excess } = await capLogs({ registry, stateDir, policy: config.logs, spared: run });
    if (excess > 0 && tells) say(terminal, excessText(excess));
  } catch (error) {
    say(terminal, `old logs could not be removed: ${(error as Error).message}`);
  }
}

/** Standard output of a run: one that cannot be written must not end it, but is told at its end. */
function guarded(terminal: Terminal): { print(text: string): void; check(): void } {
  let trouble: { readonly error: unknown } | null = null;
  return {
    print(text) {
      if (trouble !== null) return;
      try {
        terminal.out(text);
      } catch (error) {
        trouble = { error };
      }
    },
    check() {
      if (trouble !== null) throw trouble.error;
    },
  };
}

async function freeRunId(registry: Registry): Promise<string> {
  const requests = new Requests(registry.database);
  for (let length = 4; ; length++) {
    const id = newRunId(length);
    if (requests.isReserved(id)) continue;
    if ((await registry.state(id)) === undefined) return id;
  }
}
