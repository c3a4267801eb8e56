import * as v from "valibot";
import { didYouMean } from "../core/nearest.ts";
import { asMap, asText } from "../core/plan/draft.ts";
import { parseText } from "../core/plan/parse.ts";
import type { Issue } from "../core/plan/plan.ts";
import { checkShape } from "../core/plan/shape.ts";
import { createIssueList, type IssueList, type Path } from "../core/plan/source.ts";
import { err, ok, type Result } from "../core/result.ts";
import { type ConfigInput, configSchemaWith } from "./config-schema.ts";
import { durationAt, sizeAt } from "./config-value.ts";
import { readTextFile } from "./plan-file.ts";
import type { ServeSettings } from "./serve-config.ts";
import { InvalidFile, type Report } from "./view/problem.ts";

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
  readonly questionMs?: number;
  readonly serve?: ServeSettings;
  readonly processes?: number;
}

interface RunnerInput {
  /** At least one word. */
  readonly command?: readonly string[];
  readonly parallel?: boolean;
  readonly concurrency?: number;
  readonly model?: string;
  readonly provider?: string;
  /** A duration. */
  readonly silence?: string;
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
    const file = text.ok ? await checkConfig(text.value, { own, runners }) : text;
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
export async function checkConfig(
  text: string,
  options: { readonly own: boolean; readonly runners: readonly string[] },
): Promise<Result<ConfigFile, readonly Issue[]>> {
  const source = parseText(text, "CONFIG");
  if (!source.ok) {
    const isEmpty = source.error[0]?.code === "CONFIG_EMPTY";
    return isEmpty ? ok({}) : source;
  }
  const issues = createIssueList(source.value, "CONFIG");
  const root = asMap(source.value.value);
  const section = Object.hasOwn(root, "serve")
    ? (await import("./serve-section.ts")).serveSection
    : null;
  checkShape(configSchemaWith(section?.schema ?? v.unknown()), source.value, issues, {
    synonyms: { jobs: "concurrency", agent: "runner", agents: "runners" },
    refused: { plugins: "plugins are not available in this version" },
  });
  const timeoutMs = durationAt(root, ["timeout"], issues);
  const questionMs = durationAt(root, ["questions", "wait"], issues);
  const logBytesMax = sizeAt(root, ["logs", "max"], "from 64KB to 1GB", issues);
  const logBytesTotal = sizeAt(root, ["logs", "total"], "from 1MB to 1024GB", issues);
  const resultBytes = sizeAt(root, ["results", "bytes"], "from 1KB to 1024GB", issues);
  const lowWaterBytes = sizeAt(root, ["disk", "free"], "from 0B to 1000GB", issues);
  checkRunnerName(asText(root.runner), ["runner"], "value", options.runners, issues);
  for (const [name, settings] of Object.entries(asMap(root.runners))) {
    checkRunnerName(name, ["runners", name], "key", options.runners, issues);
    durationAt(root, ["runners", name, "silence"], issues);
    if (!options.own) {
      const keys = ["command", "parallel", "env"];
      refuseInRepository(asMap(settings), ["runners", name], keys, issues);
    }
  }
  if (!options.own) refuseInRepository(root, [], ["serve"], issues);
  const serve = section?.read(root.serve, issues);
  const all = issues.all();
  if (all.length > 0) return err(all);
  const {
    timeout: _,
    $schema: __,
    logs,
    results,
    disk: ___,
    questions: ____,
    serve: _____,
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
    ...(questionMs === null ? {} : { questionMs }),
    ...(runners ? { runners } : {}),
    ...(serve === undefined ? {} : { serve }),
  });
}

/** What says what is run, and who may ask for it, is the user's own to say. */
function refuseInRepository(
  settings: Readonly<Record<string, unknown>>,
  path: Path,
  keys: readonly string[],
  issues: IssueList,
): void {
  for (const key of keys) {
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
