import {
  type Dialect,
  frame,
  freshId,
  type Json,
  list,
  refusalWords,
  type ToolStep,
  text,
  used,
  wordsOf,
} from "./model-dialect.ts";
import type { Step } from "./model-script.ts";

/** Anthropic's messages; tools are named as Claude Code names its own. */
export const anthropic: Dialect = {
  read(body) {
    const messages = list((body as Json).messages);
    const prompt = messages.filter((m) => m.role === "user").map((m) => text(m.content));
    const turns = messages.filter(
      (m) => m.role === "assistant" && list(m.content).some((part) => part.type === "tool_use"),
    );
    const tools = list((body as Json).tools).map((tool) => String(tool.name));
    return { prompt: prompt.join("\n"), turns: turns.length, tools };
  },
  stream(step, model) {
    const { content, stop } = answer(step);
    const start = { ...content, ...(content.type === "text" ? { text: "" } : { input: {} }) };
    const delta =
      content.type === "text"
        ? { type: "text_delta", text: content.text }
        : { type: "input_json_delta", partial_json: JSON.stringify(content.input) };
    const message = { ...envelope(model), content: [], stop_reason: null };
    return [
      { type: "message_start", message },
      { type: "content_block_start", index: 0, content_block: start },
      { type: "content_block_delta", index: 0, delta },
      { type: "content_block_stop", index: 0 },
      {
        type: "message_delta",
        delta: { stop_reason: stop, stop_sequence: null },
        usage: { output_tokens: used.output },
      },
      { type: "message_stop" },
    ].map((event) => frame(event));
  },
  whole(step, model) {
    const { content, stop } = answer(step);
    return JSON.stringify({ ...envelope(model), content: [content], stop_reason: stop });
  },
  error(error) {
    const type = types[error.status] ?? "api_error";
    return JSON.stringify({ type: "error", error: { type, message: wordsOf(error) } });
  },
};

const types: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  429: "rate_limit_error",
  529: "overloaded_error",
};

function envelope(model: string): Json {
  return {
    id: freshId("msg"),
    type: "message",
    role: "assistant",
    model,
    stop_sequence: null,
    usage: {
      input_tokens: used.input - used.cached,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: used.cached,
      output_tokens: used.output,
    },
  };
}

function answer(step: Step): { content: Json; stop: string } {
  if (step.kind === "say") return { content: { type: "text", text: step.text }, stop: "end_turn" };
  if (step.kind === "refuse") {
    return { content: { type: "text", text: refusalWords }, stop: "refusal" };
  }
  const [name, input] = toolCall(step);
  return { content: { type: "tool_use", id: freshId("toolu"), name, input }, stop: "tool_use" };
}

function toolCall(step: ToolStep): [string, Json] {
  switch (step.kind) {
    case "write":
      return ["Write", { file_path: step.path, content: step.content }];
    case "edit":
      return ["Edit", { file_path: step.path, old_string: step.from, new_string: step.to }];
    case "shell":
      return ["Bash", { command: step.command, description: "scripted" }];
  }
}
