import {
  type Exit,
  type Job,
  jsonLine,
  oneLine,
  type ProgramExit,
  probeVersion,
  type Runner,
  type RunnerHost,
  refusedExit,
  soundsLimited,
  startPatience,
  type Usage,
} from "../core/plugin/index.ts";

const login = "gemini";
const install = "npm install -g @google/gemini-cli@0.61.0";

/** Exit codes of Gemini CLI's own; what its API refused leaves the low byte of the HTTP status instead. */
const ownCodes: Readonly<Record<number, string>> = {
  42: "the prompt was not accepted",
  44: "its sandbox failed",
  52: "its settings are not valid",
  53: "it reached its limit of turns",
  54: "a tool failed beyond repair",
  55: "the folder is not trusted",
  130: "it was cancelled",
};

/**
 * Drives Gemini CLI in its non-interactive mode. It retries a refusal for minutes: after `patienceMs` without
 * progress it is stopped and the attempt counts as limited.
 */
export default function gemini(host: RunnerHost, timing = { patienceMs: 30_000 }): Runner {
  const program = host.command ?? (["gemini"] as const);
  return {
    name: "gemini",
    traits: {
      parallel: false,
      isolation: "in-place",
      environment: ["GEMINI_*", "GOOGLE_*", "GCLOUD_PROJECT", "CLOUDSDK_CONFIG", "CLOUD_ML_REGION"],
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
  const story: Story = { usage: null, status: null, error: null, lastError: "", apiError: "" };
  const patience = startPatience(patienceMs);
  const model = job.model === null ? [] : ["-m", job.model];
  try {
    const end = await job.start({
      argv: [
        ...program,
        // The empty prompt selects this mode; the words come from standard input.
        ...["-p", "", ...model, "--approval-mode", "yolo", "--skip-trust", "-o", "stream-json"],
      ],
      stdin: job.prompt,
      env: {
        TMPDIR: job.scratch,
        // Its launcher swallows signals while the worker goes on.
        GEMINI_CLI_NO_RELAUNCH: "true",
        GEMINI_TELEMETRY_ENABLED: "false",
      },
      onStdout(line) {
        const event = jsonLine(line);
        if (event === null) return;
        // The first two lines repeat what it was asked, whatever the provider says.
        if (event.type !== "init" && event.role !== "user") patience.progressed();
        read(story, event);
      },
      onStderr(line) {
        if (/^\s+at |^[{}\s]*$/.test(line)) return;
        story.lastError = line;
        if (/\[API Error|ApiError|QuotaError|Attempt \d+ failed/.test(line)) story.apiError = line;
        if (/^Attempt \d+ failed/.test(line) && soundsLimited(line)) patience.refused(line);
        else if (/^Suggested retry after/.test(line))
          patience.refused(`${patience.refusal()} ${line}`);
      },
      stop: patience.signal,
    });
    return conclude(story, end, patience.refusal());
  } finally {
    patience.end();
  }
}

/** What the streams told so far. */
interface Story {
  usage: Usage | null;
  /** `result.status`; null as long as there was no result, which is how a killed agent ends. */
  status: string | null;
  error: string | null;
  lastError: string;
  apiError: string;
}

interface GeminiEvent {
  readonly type?: string;
  readonly role?: string;
  readonly status?: string;
  readonly error?: { readonly message?: string };
  readonly stats?: { readonly input_tokens?: number; readonly output_tokens?: number };
}

function read(story: Story, line: Readonly<Record<string, unknown>>): void {
  const event = line as GeminiEvent;
  if (event.type === "result") {
    story.status = event.status ?? null;
    story.error = event.error?.message ?? null;
    if (event.stats) {
      story.usage = {
        inputTokens: event.stats.input_tokens ?? null,
        outputTokens: event.stats.output_tokens ?? null,
        costUsd: null,
      };
    }
  }
}

function conclude(story: Story, end: ProgramExit, waited: string | null): Exit {
  const { usage, status } = story;
  // Never by the exit code alone: it is 0 after a signal, too.
  if (status === "success" && end.code === 0) return { ok: true, message: "", usage };
  const code = end.code ?? 0;
  if (code === 41) {
    return { ok: false, message: "gemini is not logged in", usage, auth: { fix: login } };
  }
  const text = wordsOf(story.error ?? story.apiError);
  if (waited !== null && status === null) {
    const exit = refusedExit({ status: null, text: waited }, { usage, fix: login });
    return { ...exit, message: `waits for the provider: ${exit.message}` };
  }
  const http = code >= 144 && code < 256 ? code + 256 : statusIn(story.error ?? "");
  if (http !== null || story.error !== null) {
    return refusedExit({ status: http, text }, { usage, fix: login });
  }
  const how = end.signal === null ? `exit ${end.code}` : `signal ${end.signal}`;
  const said = ownCodes[code] ?? oneLine(story.lastError);
  const message = `gemini broke off with ${how}${said === "" ? "" : `: ${said}`}`;
  return { ok: false, message, usage, crashed: true };
}

/** `[API Error: {"error":{"code":401,"message":"..."}}]` as its message. */
function wordsOf(text: string): string {
  const inner = /\[API Error: ([\s\S]*?)\](?:\s|$)/.exec(text)?.[1] ?? text;
  const message = /"message":\s*"((?:[^"\\]|\\.)*)"/.exec(inner)?.[1];
  const retry = /Suggested retry after [\d.]+s|"retryDelay":\s*"[\d.]+s"/.exec(text)?.[0];
  const words = message ?? inner;
  return retry === undefined || words.includes(retry) ? words : `${words} ${retry}`;
}

function statusIn(text: string): number | null {
  const found = /"code":\s*(\d{3})\b/.exec(text) ?? /status:? (\d{3})\b/.exec(text);
  return found === null ? null : Number(found[1]);
}
