import {
  driveStream,
  type Job,
  outsideOf,
  probeVersion,
  type Runner,
  type RunnerHost,
  type Story,
  type Waiting,
} from "../core/plugin/index.ts";

const login = "claude /login";
const install = "npm install -g @anthropic-ai/claude-code@2.1.329";

/** Nobody looks at these while Claude runs in a task: telemetry, reports of errors, updates, tips. */
const quiet = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  DISABLE_TELEMETRY: "1",
  DISABLE_ERROR_REPORTING: "1",
  DISABLE_AUTOUPDATER: "1",
  CLAUDE_CODE_DISABLE_TERMINAL_TITLE: "1",
} as const;

/** Ten, its own default, take minutes, also where a key is wrong; four take eight seconds. Then core waits with the slot free. */
const retriesMax = "4";

/** Drives Claude Code (`claude -p`). It retries a refusal by itself; after `patienceMs` without progress it is stopped. */
export default function claude(host: RunnerHost, timing = { patienceMs: 30_000 }): Runner {
  const program = host.command ?? (["claude"] as const);
  return {
    name: "claude",
    traits: {
      parallel: true,
      isolation: "clone",
      continues: true,
      // A cloud account opens far more than a model: for Bedrock its keys are named in the user's config.
      environment: [
        ...["ANTHROPIC_*", "CLAUDE_CONFIG_DIR", "CLAUDE_CODE_*", "IS_SANDBOX"],
        ...["AWS_REGION", "AWS_PROFILE", "CLOUD_ML_REGION", "VERTEX_REGION_*"],
      ],
    },
    probe: (signal) => probeVersion(host, program, install, signal),
    loggedIn: async (signal) => (await host.query([...program, "auth", "status"], signal)) !== null,
    run: (job) =>
      driveStream(job, {
        name: "claude",
        argv: (session) => [
          ...program,
          ...["-p", "--output-format", "stream-json", "--verbose"],
          "--dangerously-skip-permissions",
          ...settings(job),
          ...(job.model === null ? [] : ["--model", job.model]),
          ...(session === null ? [] : ["--resume", session]),
        ],
        env: { ...quiet, ...asRoot(), CLAUDE_CODE_MAX_RETRIES: retriesMax },
        login,
        patienceMs: timing.patienceMs,
        reader: (continues) => ({
          read: (story, event) => read(story, event, continues?.used.costUsd ?? 0),
        }),
      }),
  };
}

/** As root it grants itself everything only where it is told that it is in a sandbox, which a workspace is to it. */
function asRoot(): Readonly<Record<string, string>> {
  return process.getuid?.() === 0 ? { IS_SANDBOX: "1" } : {};
}

/** Rules that forbid hold in the mode that asks nobody as well, for its tools for files and for what it sees a command write. */
function settings({ cwd, scope }: Job): readonly string[] {
  const outside = scope === null ? [] : outsideOf(cwd, scope);
  if (outside.length === 0) return [];
  const deny = outside.flatMap((path) => {
    // In these rules other characters may have a meaning; `//` begins an absolute path.
    const plain = path.replaceAll(/[^\w.\-/@+=~, ]/gu, "?");
    return [`Edit(/${plain})`, `Edit(/${plain}/**)`];
  });
  return ["--settings", JSON.stringify({ permissions: { deny } })];
}

interface ClaudeEvent {
  readonly type?: string;
  readonly subtype?: string;
  readonly session_id?: string;
  readonly message?: { readonly content?: unknown };
  /** Of `api_retry`, a word for the kind of error. */
  readonly error?: string;
  readonly error_status?: number | null;
  readonly is_api_error_message?: boolean;
  readonly rate_limit_info?: { readonly status?: string; readonly resetsAt?: number };
  readonly is_error?: boolean;
  readonly api_error_status?: number | null;
  readonly stop_reason?: string | null;
  readonly terminal_reason?: string;
  readonly result?: string;
  readonly errors?: readonly string[];
  readonly total_cost_usd?: number;
  readonly usage?: {
    readonly input_tokens?: number;
    readonly cache_creation_input_tokens?: number;
    readonly cache_read_input_tokens?: number;
    readonly output_tokens?: number;
  };
}

function read(story: Story, line: Readonly<Record<string, unknown>>, spentBefore: number): Waiting {
  const event = line as ClaudeEvent;
  if (typeof event.session_id === "string") story.session = event.session_id;
  switch (event.type) {
    case "system":
      return event.subtype === "api_retry" ? retrying(event) : "nothing";
    case "rate_limit_event":
      return limitOf(story, event);
    case "assistant":
      // What the program says in the model's place is repeated by the result.
      if (event.is_api_error_message) return "nothing";
      readMessage(story, event.message?.content);
      return "progress";
    case "result":
      readResult(story, event, spentBefore);
      return "progress";
    default:
      return event.type === "user" ? "progress" : "nothing";
  }
}

function retrying({ error, error_status }: ClaudeEvent): Waiting {
  const limited = error === "rate_limit" || error === "overloaded";
  if (!limited && ![429, 503, 529].includes(error_status ?? 0)) return "nothing";
  return { refused: `status ${error_status}: ${error} (rate limit)` };
}

/** A plan's own limit, with its end; the result that follows has only the words. */
function limitOf(story: Story, { rate_limit_info: limit }: ClaudeEvent): Waiting {
  if (limit?.status !== "rejected") return "nothing";
  const headers = { "x-ratelimit-reset": `${limit.resetsAt}` };
  story.refusal = { status: 429, text: "usage limit reached", headers };
  return "nothing";
}

function readMessage(story: Story, content: unknown): void {
  for (const part of Array.isArray(content) ? content : []) {
    const { type, text, name, input } = part as {
      type?: string;
      text?: string;
      name?: string;
      input?: { file_path?: string };
    };
    if (type === "text" && text !== undefined) story.lastMessage = text;
    if (type !== "tool_use") continue;
    story.toolCalls += 1;
    const isEdit = name === "Write" || name === "Edit" || name === "NotebookEdit";
    if (isEdit && input?.file_path !== undefined) story.edits.add(input.file_path);
  }
}

/** `subtype` is `success` even where the API failed: `is_error` counts. Of a session that is gone on with it gives the cost as a whole. */
function readResult(story: Story, event: ClaudeEvent, spentBefore: number): void {
  const { usage, total_cost_usd } = event;
  const isEmpty = usage === undefined || !(usage.output_tokens ?? 0);
  if (usage !== undefined && !isEmpty) {
    const cached = (usage.cache_creation_input_tokens ?? 0) + (usage.cache_read_input_tokens ?? 0);
    story.usage = {
      inputTokens: (usage.input_tokens ?? 0) + cached,
      outputTokens: usage.output_tokens ?? 0,
      costUsd: total_cost_usd === undefined ? null : Math.max(0, total_cost_usd - spentBefore),
    };
  }
  story.isDone = event.is_error === false && event.subtype === "success";
  if (story.isDone) story.refusal = null;
  else story.refusal = refusalOf(event, story.refusal);
}

function refusalOf(event: ClaudeEvent, before: Story["refusal"]): Story["refusal"] {
  const { api_error_status, stop_reason, terminal_reason, subtype } = event;
  const words = (event.result ?? event.errors?.[0] ?? "").replace(
    /^(Failed to authenticate\. )?API Error: (\d{3} )?/,
    "",
  );
  const text = words === "" ? `it ended with ${subtype ?? "an error"}` : words;
  if (before?.headers !== undefined) return { ...before, text };
  if (stop_reason === "refusal") return { status: null, text: `content filter: ${text}` };
  if (terminal_reason === "prompt_too_long") return { status: 400, text };
  return { status: api_error_status ?? null, text };
}
