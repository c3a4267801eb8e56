import { join } from "node:path";
import type { Usage } from "../run/model.ts";
import { type Refusal, soundsLimited } from "./failure.ts";
import { probeVersion } from "./probe.ts";
import { providerEnvironment } from "./provider-keys.ts";
import type { Runner, RunnerHost } from "./runner.ts";
import { stepRules } from "./step-scope.ts";
import { driveStream, type Story, type Waiting } from "./story.ts";

/** What is its own in an agent that streams its steps: Kilo, or OpenCode, which Kilo comes from. */
export interface StepAgent {
  /** Also its program. */
  readonly name: string;
  /** What the names of its variables begin with. */
  readonly prefix: string;
  readonly login: string;
  readonly install: string;
  /** On top of what both take: updates, sharing, telemetry, downloads of its own, which nobody looks at in a task. */
  readonly quiet: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Drives such an agent (`run`). It waits out a refusal in silence, an hour when the provider says so: after `patienceMs`
 * without progress it is stopped and the attempt counts as limited.
 */
export function stepRunner(
  agent: StepAgent,
  host: RunnerHost,
  timing: { readonly patienceMs: number },
): Runner {
  const { name, prefix, login } = agent;
  const program = host.command ?? ([name] as const);
  const quiet = [...quietBoth, ...agent.quiet].map((what) => [`${prefix}_DISABLE_${what}`, "1"]);
  const env: Readonly<Record<string, string>> = { ...Object.fromEntries(quiet), ...agent.env };
  return {
    name,
    traits: {
      parallel: true,
      isolation: "clone",
      continues: true,
      ...providerEnvironment(`${prefix}_*`),
    },
    probe: (signal) => probeVersion(host, program, agent.install, signal),
    run: (job) =>
      driveStream(job, {
        name,
        argv: (session) => [
          ...program,
          ...["run", "--auto", "--format", "json"],
          ...(job.model === null ? [] : ["-m", job.model]),
          ...(session === null ? [] : ["--session", session]),
          ...["--print-logs", "--log-level", "ERROR"],
        ],
        // Of four that start together on one new database up to one in three dies; the login stands elsewhere.
        env: {
          ...env,
          ...stepRules(job, `${prefix}_PERMISSION`),
          [`${prefix}_DB`]: join(job.state, `${name}.db`),
        },
        login,
        patienceMs: timing.patienceMs,
        reader: () => ({ read: readStep, readError: readStepError }),
      }),
  };
}

const quietBoth = ["AUTOUPDATE", "SHARE", "LSP_DOWNLOAD", "TERMINAL_TITLE"];

/** An event of theirs: the same stream, the same words on standard error. */
interface StepEvent {
  readonly type?: string;
  readonly sessionID?: string;
  readonly part?: StepPart;
  readonly error?: unknown;
}

interface StepPart {
  readonly text?: string;
  readonly tool?: string;
  readonly state?: { readonly input?: Readonly<Record<string, unknown>>; readonly status?: string };
  readonly reason?: string;
  readonly cost?: number;
  readonly tokens?: {
    readonly input?: number;
    readonly output?: number;
    readonly reasoning?: number;
    readonly cache?: { readonly read?: number; readonly write?: number };
  };
}

/** Reads one event of `--format json`. */
function readStep(story: Story, line: Readonly<Record<string, unknown>>): Waiting {
  const { type, part, error, sessionID } = line as StepEvent;
  if (typeof sessionID === "string") story.session = sessionID;
  if (type === "error") story.refusal = refusalOf(error);
  if (part === undefined || part === null) return "progress";
  switch (type) {
    case "step_start":
      story.isDone = false;
      break;
    case "text":
      story.lastMessage = part.text ?? "";
      break;
    case "tool_use":
      readTool(story, part);
      break;
    case "step_finish":
      // Why the turn of the model ended; this is the only good end.
      story.isDone = part.reason === "stop";
      story.usage = add(story.usage, part);
      break;
  }
  return "progress";
}

/** Reads one line of `--print-logs --log-level ERROR`: a refusal that is waited out shows nowhere else. */
function readStepError(_story: Story, line: string): Waiting {
  const text = /error\.error="((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
  return text !== undefined && soundsLimited(text) ? { refused: text } : "nothing";
}

function readTool(story: Story, { tool, state }: StepPart): void {
  story.toolCalls += 1;
  const path = state?.input?.filePath;
  const isEdit = tool === "write" || tool === "edit" || tool === "patch";
  if (isEdit && state?.status === "completed" && typeof path === "string") story.edits.add(path);
}

/** `input` leaves cached tokens out here; they are counted as input, as everywhere else. */
function add(before: Usage | null, part: StepPart): Usage {
  const tokens = part.tokens ?? {};
  const input = (tokens.input ?? 0) + (tokens.cache?.read ?? 0) + (tokens.cache?.write ?? 0);
  const output = (tokens.output ?? 0) + (tokens.reasoning ?? 0);
  return {
    inputTokens: (before?.inputTokens ?? 0) + input,
    outputTokens: (before?.outputTokens ?? 0) + output,
    costUsd: addedCost(before, part.cost),
  };
}

function refusalOf(error: unknown): Refusal {
  if (typeof error === "string") return { status: null, text: error };
  const { name, data } = (error ?? {}) as {
    name?: string;
    data?: { message?: string; statusCode?: number; responseHeaders?: Record<string, string> };
  };
  return {
    status: data?.statusCode ?? null,
    text: data?.message ?? name ?? "unknown error",
    ...(data?.responseHeaders ? { headers: data.responseHeaders } : {}),
  };
}

/** A model without a price is told of as one that costs 0: that is unknown, and so is a sum with it. */
function addedCost(before: Usage | null, cost: number | undefined): number | null {
  if (!cost) return null;
  return before === null ? cost : before.costUsd === null ? null : before.costUsd + cost;
}
