import type { Usage } from "../run/model.ts";
import { type Refusal, soundsLimited } from "./failure.ts";
import type { Story, Waiting } from "./story.ts";

/** An event of Kilo and of OpenCode, which Kilo comes from: the same stream, the same words on standard error. */
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
export function readStep(story: Story, line: Readonly<Record<string, unknown>>): Waiting {
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
export function readStepError(_story: Story, line: string): Waiting {
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
