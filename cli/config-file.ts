import * as v from "valibot";
import { didYouMean } from "../core/nearest.ts";
import { asMap, asText } from "../core/plan/draft.ts";
import { parseDuration } from "../core/plan/duration.ts";
import { parseText } from "../core/plan/parse.ts";
import type { Issue } from "../core/plan/plan.ts";
import {
  concurrency,
  count,
  duration,
  envNamePattern,
  modelName,
  runnerName,
} from "../core/plan/schema.ts";
import { checkShape } from "../core/plan/shape.ts";
import { createIssueList, type IssueList, type Path } from "../core/plan/source.ts";
import { err, ok, type Result } from "../core/result.ts";
import { sizeAt } from "./config-size.ts";
import { readTextFile } from "./plan-file.ts";
import { sizePattern } from "./size.ts";
import { InvalidFile, type Report } from "./view/problem.ts";

const about = v.description;
const size = v.pipe(
  v.string("be a size such as `64MB`"),
  v.regex(sizePattern, "be a size such as `64MB`"),
);
const variableNames = v.array(
  v.pipe(
    v.string("be the name of a variable"),
    v.regex(envNamePattern, "be a name such as `DEPLOY_CODE`"),
  ),
  "be a list of names of variables, such as `[DEPLOY_CODE]`",
);
const word = v.pipe(v.string("be a text"), v.minLength(1, "not be empty"));

/** `ra.config.yaml` and the user's `config.yaml`, as people write them. */
export const configSchema = v.pipe(
  v.strictObject({
    $schema: v.exactOptional(v.string("be a text")),
    concurrency: v.pipe(
      v.exactOptional(concurrency),
      about("Tasks at once where the plan does not say. Default 3."),
    ),
    runner: v.pipe(
      v.exactOptional(runnerName),
      about("The runner of prompts where the plan does not say."),
    ),
    timeout: v.pipe(
      v.exactOptional(duration),
      about("Time for one attempt where the plan does not say. Default 5m."),
    ),
    secrets: v.pipe(
      v.exactOptional(variableNames),
      about(
        "Variables whose values are hidden in all output, besides those whose names look secret.",
      ),
    ),
    logs: v.pipe(
      v.exactOptional(
        v.strictObject(
          {
            max: v.pipe(
              v.exactOptional(size),
              about("Bytes of one log at most, from 64KB to 1GB. Default 64MB."),
            ),
            total: v.pipe(
              v.exactOptional(size),
              about("Bytes of the logs of all runs at most, from 1MB to 1024GB. Default 2GB."),
            ),
            failed: v.pipe(
              v.exactOptional(v.picklist(["keep", "remove"], "be `keep` or `remove`")),
              about(
                "Whether `total` also takes logs of runs that failed or wait to land. Default keep.",
              ),
            ),
          },
          "be a map such as `{ max: 64MB }`",
        ),
      ),
      about("How much of what programs print is kept."),
    ),
    results: v.pipe(
      v.exactOptional(
        v.strictObject(
          {
            files: v.pipe(
              v.exactOptional(count(1, 10_000_000)),
              about("Files that one result adds or changes at most. Default 200000."),
            ),
            bytes: v.pipe(
              v.exactOptional(size),
              about("Bytes of these files at most, from 1KB to 1024GB. Default 10GB."),
            ),
          },
          "be a map such as `{ files: 200000, bytes: 10GB }`",
        ),
      ),
      about("How much one task may leave. What leaves more is refused, and stays where it is."),
    ),
    disk: v.pipe(
      v.exactOptional(
        v.strictObject(
          {
            free: v.pipe(
              v.exactOptional(size),
              about(
                "Free bytes below which no attempt starts, up to 1000GB. Default 512MB. With 0B no full disk is looked for.",
              ),
            ),
          },
          "be a map such as `{ free: 512MB }`",
        ),
      ),
      about("How much room a run leaves on the disks it writes to."),
    ),
    runners: v.pipe(
      v.exactOptional(
        v.record(
          runnerName,
          v.strictObject(
            {
              command: v.pipe(
                v.exactOptional(
                  v.pipe(
                    v.array(word, "be a list of words, such as `[npx, claude]`"),
                    v.minLength(1, "hold at least one word"),
                  ),
                ),
                about("Program and first arguments. Only in the user's own config."),
              ),
              parallel: v.pipe(
                v.exactOptional(v.boolean("be `true` or `false`")),
                about("Whether it is safe beside others. Only in the user's own config."),
              ),
              concurrency: v.pipe(
                v.exactOptional(concurrency),
                about("Attempts of this runner at once."),
              ),
              env: v.pipe(
                v.exactOptional(variableNames),
                about("Variables it gets besides those it needs. Only in the user's own config."),
              ),
              model: v.pipe(
                v.exactOptional(modelName),
                about("Model when neither task nor tier names one."),
              ),
              provider: v.pipe(
                v.exactOptional(modelName),
                about(
                  "Name of the account that answers it. Runners with the same name wait for its limits together.",
                ),
              ),
            },
            "be a map such as `{ concurrency: 1 }`",
          ),
          "be a map of runners to their settings",
        ),
      ),
      about("Settings of single runners."),
    ),
  }),
  v.title("ra config"),
  about("Settings for every run in a repository or of a user."),
);

type ConfigInput = v.InferOutput<typeof configSchema>;

/** One config file that is valid. */
export interface ConfigFile {
  readonly concurrency?: number;
  readonly runner?: string;
  readonly timeoutMs?: number;
  readonly runners?: Readonly<Record<string, RunnerInput>>;
  readonly secrets?: readonly string[];
  readonly logBytesMax?: number;
  readonly logBytesTotal?: number;
  readonly resultFiles?: number;
  readonly resultBytes?: number;
  readonly logsOfFailed?: "keep" | "remove";
  readonly lowWaterBytes?: number;
}

interface RunnerInput {
  /** At least one word. */
  readonly command?: readonly string[];
  readonly parallel?: boolean;
  readonly concurrency?: number;
  readonly model?: string;
  readonly provider?: string;
  readonly env?: readonly string[];
}

/** Both config files, empty where there is none. Throws `InvalidFile` with the issues of both at once. */
export async function readConfigFiles(
  repositoryPath: string,
  userPath: string | null,
  runners: readonly string[],
): Promise<readonly [ConfigFile, ConfigFile]> {
  const reports: Report[] = [];
  const read = async (path: string | null, shown: string, own: boolean): Promise<ConfigFile> => {
    const text = path === null ? null : await readTextFile(path, shown, "CONFIG");
    if (text === null) return {};
    const file = text.ok ? checkConfig(text.value, { own, runners }) : text;
    if (file.ok) return file.value;
    reports.push({ file: shown, text: text.ok ? text.value : null, issues: file.error });
    return {};
  };
  const repository = await read(repositoryPath, "ra.config.yaml", false);
  const user = await read(userPath, userPath ?? "", true);
  if (reports.length > 0) throw new InvalidFile("CONFIG_INVALID", reports);
  return [repository, user];
}

/** Reads one config text. `own`: the user's file, which alone may say what is run. */
export function checkConfig(
  text: string,
  options: { readonly own: boolean; readonly runners: readonly string[] },
): Result<ConfigFile, readonly Issue[]> {
  const source = parseText(text, "CONFIG");
  if (!source.ok) {
    const isEmpty = source.error[0]?.code === "CONFIG_EMPTY";
    return isEmpty ? ok({}) : source;
  }
  const issues = createIssueList(source.value, "CONFIG");
  checkShape(configSchema, source.value, issues, {
    synonyms: { jobs: "concurrency", agent: "runner", agents: "runners" },
    refused: { plugins: "plugins are not available in this version" },
  });
  const root = asMap(source.value.value);
  const { timeout } = root;
  const timeoutMs = typeof timeout === "string" ? parseDuration(timeout) : null;
  if (typeof timeout === "string" && timeoutMs === null && v.is(duration, timeout)) {
    const message = `\`timeout\` must be from 1ms to 24d, not \`${timeout}\``;
    issues.add({ code: "BAD_DURATION", path: ["timeout"], message });
  }
  const logBytesMax = sizeAt(root, ["logs", "max"], "from 64KB to 1GB", issues);
  const logBytesTotal = sizeAt(root, ["logs", "total"], "from 1MB to 1024GB", issues);
  const resultBytes = sizeAt(root, ["results", "bytes"], "from 1KB to 1024GB", issues);
  const lowWaterBytes = sizeAt(root, ["disk", "free"], "from 0B to 1000GB", issues);
  checkRunnerName(asText(root.runner), ["runner"], "value", options.runners, issues);
  for (const [name, settings] of Object.entries(asMap(root.runners))) {
    checkRunnerName(name, ["runners", name], "key", options.runners, issues);
    if (!options.own) refuseCommands(asMap(settings), ["runners", name], issues);
  }
  const all = issues.all();
  if (all.length > 0) return err(all);
  const {
    timeout: _,
    $schema: __,
    logs,
    results,
    disk: ___,
    runners,
    ...rest
  } = source.value.value as ConfigInput;
  return ok({
    ...rest,
    ...(timeoutMs === null ? {} : { timeoutMs }),
    ...(logBytesMax === null ? {} : { logBytesMax }),
    ...(logBytesTotal === null ? {} : { logBytesTotal }),
    ...(results?.files === undefined ? {} : { resultFiles: results.files }),
    ...(resultBytes === null ? {} : { resultBytes }),
    ...(logs?.failed === undefined ? {} : { logsOfFailed: logs.failed }),
    ...(lowWaterBytes === null ? {} : { lowWaterBytes }),
    ...(runners ? { runners } : {}),
  });
}

function refuseCommands(
  settings: Readonly<Record<string, unknown>>,
  path: Path,
  issues: IssueList,
): void {
  for (const key of ["command", "parallel", "env"]) {
    if (!Object.hasOwn(settings, key)) continue;
    const message = `\`${key}\` may stand only in your own config, not in a repository's`;
    const hint = "move it to `~/.config/ra/config.yaml`";
    issues.add({ code: "NOT_HERE", path: [...path, key], at: "key", message, hint });
  }
}

function checkRunnerName(
  name: string | undefined,
  path: Path,
  at: "key" | "value",
  runners: readonly string[],
  issues: IssueList,
): void {
  if (name === undefined || runners.includes(name)) return;
  const names = runners.map((runner) => `\`${runner}\``).join(", ");
  const hint = didYouMean(name, runners, `there are: ${names}`);
  issues.add({ code: "UNKNOWN_RUNNER", path, at, message: `there is no runner \`${name}\``, hint });
}
