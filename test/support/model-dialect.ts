import type { Prelude, Step } from "./model-script.ts";

type ErrorPrelude = Extract<Prelude, { kind: "error" }>;

/** How a provider's API words what every model server says. */
export interface Dialect {
  /** What the user said, the turns the model has taken since, and whether tools were offered. */
  read(body: unknown): { readonly prompt: string; readonly turns: number; readonly tools: boolean };
  /** The chunks of a streamed answer, each the data of one server-sent event. */
  stream(step: Step, model: string): readonly string[];
  whole(step: Step, model: string): string;
  error(error: ErrorPrelude): string;
}

type Json = Record<string, unknown>;

/** The chat completions of OpenAI; tools are named as Kilo and OpenCode name theirs. */
export const openai: Dialect = {
  read(body) {
    const messages = list((body as Json).messages);
    const prompt = messages.filter((m) => m.role === "user").map((m) => text(m.content));
    const turns = messages.filter((m) => m.role === "assistant" && list(m.tool_calls).length > 0);
    return {
      prompt: prompt.join("\n"),
      turns: turns.length,
      tools: list((body as Json).tools).length > 0,
    };
  },
  stream(step, model) {
    const chunk = (delta: Json, finish: string | null, extra: Json = {}): string =>
      JSON.stringify({
        id: "chatcmpl-1",
        object: "chat.completion.chunk",
        created: 1,
        model,
        choices: [{ index: 0, delta, finish_reason: finish }],
        ...extra,
      });
    const { message, finish } = openaiMessage(step);
    const call = list(message.tool_calls)[0];
    const delta = call ? { ...message, tool_calls: [{ index: 0, ...call }] } : message;
    return [chunk(delta, null), chunk({}, finish, { usage: openaiUsage }), "[DONE]"];
  },
  whole(step, model) {
    const { message, finish } = openaiMessage(step);
    return JSON.stringify({
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1,
      model,
      choices: [{ index: 0, message, finish_reason: finish }],
      usage: openaiUsage,
    });
  },
  error({ status, message }) {
    return JSON.stringify({
      error: { message: message ?? phrases[status] ?? "error", type: "error", code: status },
    });
  },
};

/** Google's generateContent; tools are named as Gemini CLI names its own. */
export const gemini: Dialect = {
  read(body) {
    const contents = list((body as Json).contents);
    const parts = (role: string): Json[] =>
      contents.filter((c) => c.role === role).flatMap((c) => list(c.parts));
    return {
      prompt: parts("user")
        .map((part) => text(part.text))
        .join("\n"),
      turns: parts("model").filter((part) => part.functionCall !== undefined).length,
      tools: list((body as Json).tools).length > 0,
    };
  },
  stream(step) {
    return [JSON.stringify(geminiAnswer(step))];
  },
  whole(step) {
    return JSON.stringify(geminiAnswer(step));
  },
  error({ status, message, retryAfter }) {
    const details =
      retryAfter === null
        ? []
        : [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${retryAfter}s` }];
    const name = geminiStatus[status] ?? "INTERNAL";
    return JSON.stringify({
      error: {
        code: status,
        message: message ?? phrases[status] ?? "error",
        status: name,
        details,
      },
    });
  },
};

const phrases: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "Invalid API key",
  402: "Insufficient credits",
  403: "Forbidden",
  404: "Model not found",
  429: "Rate limit exceeded",
  500: "Internal server error",
  503: "Overloaded",
};

const geminiStatus: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  503: "UNAVAILABLE",
};

const openaiUsage = {
  prompt_tokens: 1000,
  completion_tokens: 50,
  total_tokens: 1050,
  prompt_tokens_details: { cached_tokens: 200 },
};

function openaiMessage(step: Step): { message: Json; finish: string } {
  if (step.kind === "say") {
    return { message: { role: "assistant", content: step.text }, finish: "stop" };
  }
  const [name, input] = openaiTool(step);
  const call = {
    id: `call_${crypto.randomUUID().slice(0, 8)}`,
    type: "function",
    function: { name, arguments: JSON.stringify(input) },
  };
  return {
    message: { role: "assistant", content: null, tool_calls: [call] },
    finish: "tool_calls",
  };
}

function openaiTool(step: Exclude<Step, { kind: "say" }>): [string, Json] {
  switch (step.kind) {
    case "write":
      return ["write", { filePath: step.path, content: step.content }];
    case "edit":
      return ["edit", { filePath: step.path, oldString: step.from, newString: step.to }];
    case "shell":
      return ["bash", { command: step.command, description: "scripted" }];
  }
}

function geminiAnswer(step: Step): Json {
  const part = step.kind === "say" ? { text: step.text } : { functionCall: geminiTool(step) };
  return {
    candidates: [{ index: 0, content: { role: "model", parts: [part] }, finishReason: "STOP" }],
    usageMetadata: {
      promptTokenCount: 1000,
      candidatesTokenCount: 50,
      cachedContentTokenCount: 200,
      totalTokenCount: 1050,
    },
  };
}

function geminiTool(step: Exclude<Step, { kind: "say" }>): Json {
  switch (step.kind) {
    case "write":
      return { name: "write_file", args: { file_path: step.path, content: step.content } };
    case "edit":
      return {
        name: "replace",
        args: {
          file_path: step.path,
          old_string: step.from,
          new_string: step.to,
          instruction: "scripted",
        },
      };
    case "shell":
      return {
        name: "run_shell_command",
        args: { command: step.command, description: "scripted" },
      };
  }
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

/** The text of a message, whether it is one string or a list of parts. */
function text(value: unknown): string {
  if (typeof value === "string") return value;
  return list(value)
    .map((part) => (typeof part.text === "string" ? part.text : ""))
    .join("\n");
}
