import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import {
  driveStream,
  ignoredIn,
  type Job,
  type ProgramExit,
  probeVersion,
  type Runner,
  type RunnerHost,
  type Story,
  type StreamReader,
  soundsLimited,
  type Waiting,
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
      continues: true,
      environment: ["GEMINI_*", "GOOGLE_*", "GCLOUD_PROJECT", "CLOUDSDK_CONFIG", "CLOUD_ML_REGION"],
    },
    probe: (signal) => probeVersion(host, program, install, signal),
    run: (job) =>
      driveStream(job, {
        name: "gemini",
        argv: (session) => [
          ...program,
          // The empty prompt selects this mode; the words come from standard input.
          ...["-p", "", ...(job.model === null ? [] : ["-m", job.model])],
          ...["--approval-mode", "yolo", "--skip-trust", "-o", "stream-json"],
          ...policy(job),
          ...(session === null ? [] : ["--resume", session]),
        ],
        env: {
          // Its launcher swallows signals while the worker goes on.
          GEMINI_CLI_NO_RELAUNCH: "true",
          GEMINI_TELEMETRY_ENABLED: "false",
        },
        login,
        patienceMs: timing.patienceMs,
        reader,
      }),
  };
}

/** Its tools that write. Without words for its arguments a rule takes a tool away altogether. */
const writes = `toolName = ["write_file", "replace"]\n`;

const anything = '[^"]*';

/** A longer pattern is refused, and so is one that repeats a group. */
const patternMax = 1500;

/**
 * A file of rules for a job with a scope: what a rule of a higher number allows, its tools for files may write. What a command
 * writes they do not see.
 */
function policy({ cwd, scope, scratch }: Job): readonly string[] {
  if (scope === null) return [];
  const rule = (pattern: string, rest: string): string =>
    `[[rule]]\n${writes}argsPattern = '"file_path":"${pattern}'\n${rest}\n`;
  const rules = [...scope.claimed, ...ignoredIn(cwd)].flatMap((pattern) => {
    const words = wordsFor(pattern);
    // A path may be given in full, by whatever name of the directory.
    const beginnings = ["", "\\./", `/${anything}${plain(basename(cwd))}/`];
    return beginnings.map((begin) =>
      rule(`${begin}${words}`, 'decision = "allow"\npriority = 901'),
    );
  });
  const deny = `decision = "deny"\npriority = 900\ndenyMessage = "the path is outside of the scope of this task"`;
  const path = join(scratch, "scope.toml");
  writeFileSync(path, [rule("", deny), ...rules].join(""));
  return ["--policy", path];
}

/** A pattern of a scope as the end of one of a rule; where that is too long, its beginning. */
function wordsFor(pattern: string): string {
  const words = `${plain(pattern.replaceAll("**/", "*"))}"`;
  if (words.length <= patternMax) return words;
  return words.slice(0, words.lastIndexOf(anything, patternMax));
}

/** What is no plain letter may stand for more, or be written in another way in the words that are looked at. */
function plain(text: string): string {
  return text.replaceAll(/[^\w\-/]+/gu, (odd) => (odd === "." ? "\\." : anything));
}

/** Reads one run of Gemini CLI; what its API said on standard error is kept for the end. */
function reader(): StreamReader {
  let apiError = "";
  let limit = "";
  return {
    read,
    readError(_story, line) {
      // Gemini CLI prints the stack and the fields of an error below its words.
      if (/\[API Error|ApiError|QuotaError|Attempt \d+ failed/.test(line)) apiError = line;
      if (/^Attempt \d+ failed/.test(line) && soundsLimited(line)) limit = line;
      else if (limit !== "" && /^Suggested retry after/.test(line)) limit = `${limit} ${line}`;
      else return "nothing";
      return { refused: limit };
    },
    settle: (story, end) => settle(story, end, apiError),
  };
}

interface GeminiEvent {
  readonly type?: string;
  readonly role?: string;
  readonly content?: string;
  readonly delta?: boolean;
  readonly session_id?: string;
  readonly tool_name?: string;
  readonly parameters?: { readonly file_path?: string };
  readonly status?: string;
  readonly error?: { readonly message?: string };
  readonly severity?: string;
  readonly message?: string;
  readonly stats?: { readonly input_tokens?: number; readonly output_tokens?: number };
}

function read(story: Story, line: Readonly<Record<string, unknown>>): Waiting {
  const event = line as GeminiEvent;
  switch (event.type) {
    case "init":
      story.session = event.session_id ?? null;
      // The first two lines repeat what it was asked, whatever the provider says.
      return "nothing";
    case "message":
      if (event.role === "user") return "nothing";
      story.lastMessage = (event.delta ? story.lastMessage : "") + (event.content ?? "");
      break;
    case "tool_use":
      story.toolCalls += 1;
      story.lastMessage = "";
      readEdit(story, event);
      break;
    case "error":
      if (event.severity === "error") story.refusal = { status: null, text: event.message ?? "" };
      break;
    case "result":
      readResult(story, event);
      break;
  }
  return "progress";
}

function readEdit(story: Story, { tool_name, parameters }: GeminiEvent): void {
  const isEdit = tool_name === "write_file" || tool_name === "replace";
  if (isEdit && parameters?.file_path !== undefined) story.edits.add(parameters.file_path);
}

function readResult(story: Story, { status, error, stats }: GeminiEvent): void {
  story.isDone = status === "success";
  if (story.isDone) story.refusal = null;
  if (error !== undefined) story.refusal = { status: null, text: error.message ?? "" };
  if (stats === undefined) return;
  story.usage = {
    inputTokens: stats.input_tokens ?? null,
    outputTokens: stats.output_tokens ?? null,
    costUsd: null,
  };
}

/** Finds the status of a refusal in the exit code or in the words; the words come from the result or standard error. */
function settle(story: Story, end: ProgramExit, apiError: string): void {
  const code = end.code ?? 0;
  if (story.isDone && code === 0) return;
  const said = story.refusal?.text ?? null;
  if (code === 41) story.refusal = { status: null, text: "gemini is not logged in" };
  else {
    const status = code >= 144 && code < 256 ? code + 256 : statusIn(said ?? "");
    if (status !== null || said !== null) {
      story.refusal = { status, text: wordsOf(said ?? apiError) };
    } else story.lastError = ownCodes[code] ?? story.lastError;
  }
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
