import { ExitCode, RaError } from "../core/error.ts";
import type { Plan } from "../core/plan/plan.ts";
import { runnersOf } from "../core/plan/task-runners.ts";
import type { Runner } from "../core/plugin/runner.ts";
import { programEnvironment } from "../core/process/environment.ts";
import { capture } from "../core/process.ts";
import { importRunner } from "./builtin.ts";
import type { Config, RunnerConfig } from "./config.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** How long a probe may take, in milliseconds. */
const probeMs = 30_000;

/** Loads the runners a plan uses, with the user's settings for each. */
export async function loadRunners(
  plan: Plan,
  config: Config,
  env: Variables,
  cwd: string,
): Promise<ReadonlyMap<string, Runner>> {
  const names = [...new Set(plan.tasks.flatMap(runnersOf))];
  const loaded = await Promise.all(names.map((name) => loadRunner(name, config, env, cwd)));
  return new Map(loaded.map((runner) => [runner.name, runner]));
}

/** Loads one runner. Throws `RaError` (exit 4) for a name that has no runner yet. */
export async function loadRunner(
  name: string,
  config: Config,
  env: Variables,
  cwd: string,
): Promise<Runner> {
  const factory = await importRunner(name);
  const settings = config.runners[name];
  const runner = factory({
    command: settings?.command ?? null,
    query: async (argv, signal) => {
      const answer = await capture(argv, {
        cwd,
        env: programEnvironment(env, ["*"]),
        signal,
      }).catch(() => null);
      return answer?.code === 0 ? answer.stdout : null;
    },
  });
  return withSettings(runner, settings);
}

/** The runner as the user's own config wants it. */
function withSettings(runner: Runner, settings: RunnerConfig | undefined): Runner {
  const parallel = settings?.parallel ?? runner.traits.parallel;
  const more = settings?.env ?? [];
  const silenceMs = settings?.silenceMs ?? null;
  if (parallel === runner.traits.parallel && more.length === 0 && silenceMs === null) return runner;
  // A runner that the user declares safe beside others needs a workspace of its own for that.
  const { environment, environmentFor, isolation: asBefore } = runner.traits;
  const isolation = parallel && !runner.traits.parallel ? "clone" : asBefore;
  const traits = {
    ...runner.traits,
    ...{ parallel, isolation, environment: [...environment, ...more] },
    ...(silenceMs !== null && { silenceMs }),
    ...(environmentFor && { environmentFor: withMore(environmentFor, more) }),
  } as const;
  return {
    name: runner.name,
    traits,
    probe: (signal) => runner.probe(signal),
    ...(runner.loggedIn === undefined ? {} : { loggedIn: runner.loggedIn }),
    run: (job) => runner.run(job),
  };
}

/** The same list for equal needs, as the trait promises. */
function withMore(
  environmentFor: (model: string) => readonly string[],
  more: readonly string[],
): (model: string) => readonly string[] {
  const known = new Map<readonly string[], readonly string[]>();
  return (model) => {
    const needs = environmentFor(model);
    const all = known.get(needs) ?? [...needs, ...more];
    known.set(needs, all);
    return all;
  };
}

/** Asks every runner whether it can be used. Throws `RaError` (exit 4) that names all that cannot, with the fix of the first. */
export async function probeRunners(
  runners: ReadonlyMap<string, Runner>,
  plan: Plan,
): Promise<void> {
  const signal = AbortSignal.timeout(probeMs);
  const probes = await Promise.all(
    [...runners.values()].map(async (runner) => ({ runner, probe: await runner.probe(signal) })),
  );
  const unfit = probes.flatMap(({ runner, probe }) => (probe.ok ? [] : [{ runner, probe }]));
  const [first] = unfit;
  if (!first) return;
  const uses = (name: string): string =>
    plan.tasks
      .filter((task) => runnersOf(task).includes(name))
      .map((task) => task.id)
      .slice(0, 5)
      .join(", ");
  throw new RaError({
    code: "RUNNER_UNFIT",
    exitCode: ExitCode.runnerUnfit,
    message: unfit
      .map(({ runner, probe }) => `${probe.message} (needed by ${uses(runner.name)})`)
      .join("; "),
    hint: unfit.map(({ probe }) => probe.fix).join(" && "),
  });
}
