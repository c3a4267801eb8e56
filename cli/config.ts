import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { lowWaterDefault } from "../core/disk-space.ts";
import { ExitCode, RaError } from "../core/error.ts";
import { limits } from "../core/limits.ts";
import { durationPattern, parseDuration } from "../core/plan/duration.ts";
import type { Known, Settings } from "../core/plan/known.ts";
import type { Plan } from "../core/plan/plan.ts";
import type { ResultLimits } from "../core/workspace/result-size.ts";
import type { ConfigFile } from "./config-file.ts";
import { type ServeSettings, serveDefaults } from "./serve-config.ts";

/** Tasks at once when neither flags, environment, plan nor config say otherwise. */
export const concurrencyDefault = 3;

/** What the user's config says of one runner. */
export interface RunnerConfig {
  /** argv prefix that replaces the runner's own program; only from the user's own config. */
  readonly command: readonly [string, ...string[]] | null;
  /** Whether the user vouches that it is safe beside others; null: the runner's own trait. */
  readonly parallel: boolean | null;
  /** Attempts of this runner at once; null: no limit of its own. */
  readonly concurrency: number | null;
  /** Model when neither the task nor a tier names one. */
  readonly model: string | null;
  /** The account that answers it, whatever the model; null: the runner and the first part of the model's name. */
  readonly provider: string | null;
  /** How long it may say nothing, in milliseconds; null: as any agent, or any command. */
  readonly silenceMs: number | null;
  /** Names of variables that it gets besides those it needs; only from the user's own config. */
  readonly env: readonly string[];
}

/** What becomes of the logs of runs that have ended. */
export interface LogPolicy {
  /** Bytes of the logs of all runs at most. */
  readonly totalMax: number;
  /** Whether those of runs that failed or have not landed go as well. */
  readonly failed: "keep" | "remove";
}

/** Flags, environment and config files together. The plan's own values stand between the two. */
export interface Config {
  /** Flags, then `RA_*`: win over the plan. */
  readonly override: Settings & { readonly concurrency?: number | undefined };
  /** The repository's file, then the user's: used where the plan says nothing. */
  readonly fallback: Settings & { readonly concurrency?: number | undefined };
  readonly runners: Readonly<Record<string, RunnerConfig>>;
  /** Names of variables whose values are secret, besides those whose names look it; of both files together. */
  readonly secrets: readonly string[];
  /** Bytes of one log at most. */
  readonly logBytesMax: number;
  readonly logs: LogPolicy;
  /** What one result may come to. */
  readonly results: ResultLimits;
  /** Free bytes of a disk below which no attempt starts. */
  readonly lowWaterBytes: number;
  /** How long a question of an agent waits, in milliseconds, whoever is there; null: the config does not say. */
  readonly questionMs: number | null;
  /** What the user lets others ask of `ra serve`. */
  readonly serve: ServeSettings;
  /** Processes that one program of a task or a check may have at a time. */
  readonly processesMax: number;
}

export interface ConfigRequest {
  /** The main checkout, where `ra.config.yaml` stands. */
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Names of the runners there are. */
  readonly runners: readonly string[];
  /** Values of flags as they were typed. */
  readonly flags?: {
    readonly concurrency?: string | undefined;
    readonly runner?: string | undefined;
    readonly timeout?: string | undefined;
  };
}

/** Reads everything a run is configured by. Throws `InvalidFile` or `RaError`, both exit code 2. */
export async function loadConfig(request: ConfigRequest): Promise<Config> {
  const { env, flags = {}, runners } = request;
  const repositoryPath = join(request.root, "ra.config.yaml");
  const userPath = userConfigPath(env);
  const [repository, user] = await readFiles(repositoryPath, userPath, runners);
  return {
    override: {
      concurrency:
        readCount("-c", flags.concurrency) ?? readCount("RA_CONCURRENCY", env.RA_CONCURRENCY),
      runner:
        readRunner("--runner", flags.runner, runners) ??
        readRunner("RA_RUNNER", env.RA_RUNNER, runners),
      timeoutMs: readTime("--timeout", flags.timeout) ?? readTime("RA_TIMEOUT", env.RA_TIMEOUT),
    },
    fallback: {
      concurrency: repository.concurrency ?? user.concurrency,
      runner: repository.runner ?? user.runner,
      timeoutMs: repository.timeoutMs ?? user.timeoutMs,
    },
    runners: mergeRunners(repository, user),
    secrets: [...new Set([...(repository.secrets ?? []), ...(user.secrets ?? [])])],
    logBytesMax: repository.logBytesMax ?? user.logBytesMax ?? limits.logBytes,
    logs: {
      totalMax: repository.logBytesTotal ?? user.logBytesTotal ?? limits.logBytesTotal,
      failed: repository.logsOfFailed ?? user.logsOfFailed ?? "keep",
    },
    results: {
      files: repository.resultFiles ?? user.resultFiles ?? limits.resultFiles,
      bytes: repository.resultBytes ?? user.resultBytes ?? limits.resultBytes,
    },
    lowWaterBytes: repository.lowWaterBytes ?? user.lowWaterBytes ?? lowWaterDefault,
    questionMs: repository.questionMs ?? user.questionMs ?? null,
    serve: user.serve ?? serveDefaults,
    processesMax: repository.processes ?? user.processes ?? limits.processes,
  };
}

/** Where the user's own config stands; null without a home. A relative `XDG_CONFIG_HOME` does not count. */
export function userConfigPath(env: Readonly<Record<string, string | undefined>>): string | null {
  const xdg = env.XDG_CONFIG_HOME;
  if (xdg && isAbsolute(xdg)) return join(xdg, "ra", "config.yaml");
  const home = env.HOME || homedir();
  return home ? join(home, ".config", "ra", "config.yaml") : null;
}

/** What `loadPlan` needs of a config. */
export function knownOf(config: Config, runners: readonly string[]): Known {
  return { runners, override: config.override, fallback: config.fallback };
}

/** Tasks at once: flags and `RA_*`, then the plan, then config files, then 3. */
export function concurrencyOf(config: Config, plan: Pick<Plan, "concurrency">): number {
  return (
    config.override.concurrency ??
    plan.concurrency ??
    config.fallback.concurrency ??
    concurrencyDefault
  );
}

async function readFiles(
  repositoryPath: string,
  userPath: string | null,
  runners: readonly string[],
): Promise<readonly [ConfigFile, ConfigFile]> {
  const there = await Promise.all([
    Bun.file(repositoryPath).stat().then(present, absent),
    userPath === null ? false : Bun.file(userPath).stat().then(present, absent),
  ]);
  // The YAML parser and the schema cost most of the start-up time of a short command.
  if (!there.includes(true)) return [{}, {}];
  const { readConfigFiles } = await import("./config-file.ts");
  return readConfigFiles(repositoryPath, userPath, runners);
}

const present = (): true => true;
const absent = (): false => false;

function mergeRunners(repository: ConfigFile, user: ConfigFile): Config["runners"] {
  const merged: Record<string, RunnerConfig> = {};
  const names = [...Object.keys(repository.runners ?? {}), ...Object.keys(user.runners ?? {})];
  for (const name of new Set(names)) {
    const shared = repository.runners?.[name] ?? {};
    const own = user.runners?.[name] ?? {};
    const [program, ...rest] = own.command ?? [];
    merged[name] = {
      command: program === undefined ? null : [program, ...rest],
      parallel: own.parallel ?? null,
      concurrency: shared.concurrency ?? own.concurrency ?? null,
      model: shared.model ?? own.model ?? null,
      provider: shared.provider ?? own.provider ?? null,
      silenceMs: parseDuration(shared.silence ?? own.silence ?? ""),
      env: own.env ?? [],
    };
  }
  return merged;
}

function readCount(name: string, value: string | undefined): number | undefined {
  if (value === undefined || value === "") return undefined;
  const count = /^[0-9]{1,3}$/.test(value) ? Number(value) : 0;
  if (count >= 1 && count <= limits.concurrency) return count;
  throw badSetting(
    name,
    value,
    `a whole number from 1 to ${limits.concurrency}`,
    `write \`${name}=3\``,
  );
}

function readTime(name: string, value: string | undefined): number | undefined {
  if (value === undefined || value === "") return undefined;
  const ms = durationPattern.test(value) ? parseDuration(value) : null;
  if (ms !== null) return ms;
  throw badSetting(name, value, "a duration from 1ms to 24d", `write \`${name}=5m\``);
}

function readRunner(
  name: string,
  value: string | undefined,
  runners: readonly string[],
): string | undefined {
  if (value === undefined || value === "" || runners.includes(value)) return value || undefined;
  throw badSetting(name, value, "the name of a runner", `there are: ${runners.join(", ")}`);
}

function badSetting(name: string, value: string, wanted: string, hint: string): RaError {
  const message = `\`${name}\` must be ${wanted}, not \`${value}\``;
  return new RaError({ code: "BAD_SETTING", exitCode: ExitCode.usage, message, hint });
}
