import { join } from "node:path";
import {
  type Exit,
  type Job,
  jsonLine,
  oneLine,
  type ProgramExit,
  probeVersion,
  type Refusal,
  type Runner,
  type RunnerHost,
  refusedExit,
  soundsLimited,
  startPatience,
  type Usage,
} from "../core/plugin/index.ts";

const login = "kilo auth login";
const install = "npm install -g @kilocode/cli@7.7.7";

/** Nobody looks at these while Kilo runs in a task: updates, sharing, telemetry, downloads of its own. */
const quiet = {
  KILO_DISABLE_AUTOUPDATE: "1",
  KILO_DISABLE_SHARE: "1",
  KILO_DISABLE_SESSION_INGEST: "1",
  KILO_TELEMETRY_LEVEL: "off",
  KILO_DISABLE_CODEBASE_INDEXING: "1",
  KILO_DISABLE_LSP_DOWNLOAD: "1",
  KILO_DISABLE_TERMINAL_TITLE: "1",
} as const;

/**
 * How its providers are told of account and key. `GITHUB_TOKEN` and `GITLAB_TOKEN` are left out although two of them
 * would take these: they open far more than a model.
 */
const providerVariables = [
  ...["KILO_*", "*_API_KEY", "*_API_TOKEN", "HF_TOKEN", "AWS_*", "AZURE_*"],
  ...["GOOGLE_*", "VERTEX_LOCATION", "GCLOUD_PROJECT", "CLOUDSDK_CONFIG"],
  ...["CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_GATEWAY_ID", "CF_AIG_TOKEN"],
  ...["AICORE_*", "SNOWFLAKE_ACCOUNT", "SNOWFLAKE_CORTEX_*", "DATABRICKS_HOST", "DATABRICKS_TOKEN"],
];

/**
 * Drives Kilo Code (`kilo run`). Kilo waits out a refusal in silence, an hour when the provider says so: after
 * `patienceMs` without progress it is stopped and the attempt counts as limited.
 */
export default function kilo(host: RunnerHost, timing = { patienceMs: 30_000 }): Runner {
  const program = host.command ?? (["kilo"] as const);
  return {
    name: "kilo",
    traits: {
      parallel: true,
      isolation: "clone",
      environment: providerVariables,
    },
    probe: (signal) => probeVersion(host, program, install, signal),
    run: (job) => run(job, program, timing.patienceMs),
  };
}

async function run(
  job: Job,
  program: readonly [string, ...string[]],
  patienceMs: number,
): Promise<Exit> {
  const story = newStory();
  const patience = startPatience(patienceMs);
  const model = job.model === null ? [] : ["-m", job.model];
  try {
    const end = await job.start({
      argv: [
        ...program,
        ...["run", "--auto", "--format", "json", ...model],
        ...["--print-logs", "--log-level", "ERROR"],
      ],
      // As an argument the prompt would be quoted a second time by Kilo.
      stdin: job.prompt,
      env: {
        ...quiet,
        TMPDIR: job.scratch,
        // Of four that start together on one new database one in nine dies; the login stands elsewhere.
        KILO_DB: join(job.scratch, "kilo.db"),
      },
      onStdout(line) {
        const event = jsonLine(line);
        if (event === null) return;
        patience.progressed();
        read(story, event);
      },
      onStderr(line) {
        if (line.trim() !== "") story.lastError = line;
        const text = /error\.error="((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
        if (text !== undefined && soundsLimited(text)) patience.refused(text);
      },
      stop: patience.signal,
    });
    return conclude(story, end, patience.refusal());
  } finally {
    patience.end();
  }
}

/** What the stream told so far. */
interface Story {
  usage: Usage | null;
  /** Why the last turn of the model ended; `stop` is the only good end. */
  reason: string | null;
  refusal: Refusal | null;
  lastError: string;
}

function newStory(): Story {
  return { usage: null, reason: null, refusal: null, lastError: "" };
}

interface KiloEvent {
  readonly type?: string;
  readonly part?: {
    readonly reason?: string;
    readonly cost?: number;
    readonly tokens?: {
      readonly input?: number;
      readonly output?: number;
      readonly reasoning?: number;
      readonly cache?: { readonly read?: number; readonly write?: number };
    };
  };
  readonly error?: unknown;
}

function read(story: Story, line: Readonly<Record<string, unknown>>): void {
  const { type, part, error } = line as KiloEvent;
  if (type === "error") story.refusal = refusalOf(error);
  if (part === undefined || part === null) return;
  if (type === "step_start") story.reason = null;
  if (type === "step_finish") {
    story.reason = part.reason ?? null;
    story.usage = add(story.usage, part);
  }
}

/** Kilo's `input` leaves cached tokens out; here they are counted as input, as everywhere else. */
function add(before: Usage | null, part: NonNullable<KiloEvent["part"]>): Usage {
  const tokens = part.tokens ?? {};
  const input = (tokens.input ?? 0) + (tokens.cache?.read ?? 0) + (tokens.cache?.write ?? 0);
  const output = (tokens.output ?? 0) + (tokens.reasoning ?? 0);
  return {
    inputTokens: (before?.inputTokens ?? 0) + input,
    outputTokens: (before?.outputTokens ?? 0) + output,
    costUsd: (before?.costUsd ?? 0) + (part.cost ?? 0),
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

function conclude(story: Story, end: ProgramExit, waited: string | null): Exit {
  const { usage, refusal } = story;
  if (refusal !== null) return refusedExit(refusal, { usage, fix: login });
  if (story.reason === "stop" && end.code === 0) return { ok: true, message: "", usage };
  if (waited !== null) {
    const exit = refusedExit({ status: null, text: waited }, { usage, fix: login });
    return { ...exit, message: `waits for the provider: ${exit.message}` };
  }
  const how = end.signal === null ? `exit ${end.code}` : `signal ${end.signal}`;
  const said = oneLine(story.lastError);
  const message = `kilo broke off with ${how}${said === "" ? "" : `: ${said}`}`;
  return { ok: false, message, usage, crashed: true };
}
