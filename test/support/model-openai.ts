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

/** The chat completions of OpenAI; tools are named as Kilo and OpenCode name theirs. */
export const chat: Dialect = {
  read(body) {
    const messages = list((body as Json).messages);
    const prompt = messages.filter((m) => m.role === "user").map((m) => text(m.content));
    const turns = messages.filter((m) => m.role === "assistant" && list(m.tool_calls).length > 0);
    const tools = list((body as Json).tools).map(
      (tool) => (tool.function as Json | undefined)?.name,
    );
    return { prompt: prompt.join("\n"), turns: turns.length, tools: tools.map(String) };
  },
  stream(step, model) {
    const chunk = (delta: Json, finish: string | null, extra: Json = {}): string =>
      frame(
        JSON.stringify({
          id: "chatcmpl-1",
          object: "chat.completion.chunk",
          created: 1,
          model,
          choices: [{ index: 0, delta, finish_reason: finish }],
          ...extra,
        }),
      );
    const { message, finish } = answer(step);
    const call = list(message.tool_calls)[0];
    const delta = call ? { ...message, tool_calls: [{ index: 0, ...call }] } : message;
    return [chunk(delta, null), chunk({}, finish, { usage }), frame("[DONE]")];
  },
  whole(step, model) {
    const { message, finish } = answer(step);
    return JSON.stringify({
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1,
      model,
      choices: [{ index: 0, message, finish_reason: finish }],
      usage,
    });
  },
  error(error) {
    return JSON.stringify({
      error: { message: wordsOf(error), type: "error", code: error.status },
    });
  },
};

const usage = {
  prompt_tokens: used.input,
  completion_tokens: used.output,
  total_tokens: used.input + used.output,
  prompt_tokens_details: { cached_tokens: used.cached },
};

function answer(step: Step): { message: Json; finish: string } {
  if (step.kind === "say") {
    return { message: { role: "assistant", content: step.text }, finish: "stop" };
  }
  if (step.kind === "refuse") {
    return { message: { role: "assistant", content: refusalWords }, finish: "content_filter" };
  }
  const [name, input] = toolCall(step);
  const call = {
    id: freshId("call"),
    type: "function",
    function: { name, arguments: JSON.stringify(input) },
  };
  return {
    message: { role: "assistant", content: null, tool_calls: [call] },
    finish: "tool_calls",
  };
}

function toolCall(step: ToolStep): [string, Json] {
  switch (step.kind) {
    case "write":
      return ["write", { filePath: step.path, content: step.content }];
    case "edit":
      return ["edit", { filePath: step.path, oldString: step.from, newString: step.to }];
    case "shell":
      return ["bash", { command: step.command, description: "scripted" }];
  }
}
