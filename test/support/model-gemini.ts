import {
  type Dialect,
  frame,
  type Json,
  list,
  type ToolStep,
  text,
  used,
  wordsOf,
} from "./model-dialect.ts";
import type { Step } from "./model-script.ts";

/** Google's generateContent; tools are named as Gemini CLI names its own. */
export const gemini: Dialect = {
  read(body) {
    const contents = list((body as Json).contents);
    const parts = (role: string): Json[] =>
      contents.filter((c) => c.role === role).flatMap((c) => list(c.parts));
    const declared = list((body as Json).tools).flatMap((tool) => list(tool.functionDeclarations));
    return {
      prompt: parts("user")
        .map((part) => text(part.text))
        .join("\n"),
      turns: parts("model").filter((part) => part.functionCall !== undefined).length,
      tools: declared.map((tool) => String(tool.name)),
    };
  },
  stream: (step) => [frame(JSON.stringify(answer(step)))],
  whole: (step) => JSON.stringify(answer(step)),
  error(error) {
    const { status, retryAfter } = error;
    const details =
      retryAfter === null
        ? []
        : [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${retryAfter}s` }];
    const name = names[status] ?? "INTERNAL";
    return JSON.stringify({
      error: { code: status, message: wordsOf(error), status: name, details },
    });
  },
};

const names: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  503: "UNAVAILABLE",
};

function answer(step: Step): Json {
  const candidate =
    step.kind === "refuse"
      ? { index: 0, finishReason: "SAFETY" }
      : { index: 0, content: { role: "model", parts: [partOf(step)] }, finishReason: "STOP" };
  return {
    candidates: [candidate],
    usageMetadata: {
      promptTokenCount: used.input,
      candidatesTokenCount: used.output,
      cachedContentTokenCount: used.cached,
      totalTokenCount: used.input + used.output,
    },
  };
}

function partOf(step: Exclude<Step, { kind: "refuse" }>): Json {
  return step.kind === "say" ? { text: step.text } : { functionCall: toolCall(step) };
}

function toolCall(step: ToolStep): Json {
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
