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

/** OpenAI's responses, for Codex: it does everything by its shell, and edits by a program `apply_patch` there. */
export const responses: Dialect = {
  read(body) {
    const input = list((body as Json).input);
    const prompt = input.filter((item) => item.role === "user").map((item) => text(item.content));
    const turns = input.filter((item) => /_call$/.test(String(item.type)));
    const tools = list((body as Json).tools).map((tool) => String(tool.name ?? tool.type));
    return { prompt: prompt.join("\n"), turns: turns.length, tools };
  },
  stream(step, model, tools) {
    const item = itemOf(step, tools);
    const answer = envelope(model, [item]);
    const events: Json[] = [
      { type: "response.created", response: { ...answer, status: "in_progress", output: [] } },
      {
        type: "response.output_item.added",
        output_index: 0,
        item: { ...item, status: "in_progress" },
      },
      { type: "response.output_item.done", output_index: 0, item },
      { type: "response.completed", response: answer },
    ];
    return events.map((event) => frame(event));
  },
  whole: (step, model, tools) => JSON.stringify(envelope(model, [itemOf(step, tools)])),
  error(error) {
    return JSON.stringify({
      error: { message: wordsOf(error), type: "error", code: `${error.status}` },
    });
  },
};

function envelope(model: string, output: readonly Json[]): Json {
  return {
    id: freshId("resp"),
    object: "response",
    created_at: 1,
    status: "completed",
    model,
    output,
    usage: {
      input_tokens: used.input,
      input_tokens_details: { cached_tokens: used.cached },
      output_tokens: used.output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: used.input + used.output,
    },
  };
}

function itemOf(step: Step, tools: readonly string[]): Json {
  if (step.kind === "say" || step.kind === "refuse") {
    const part =
      step.kind === "say"
        ? { type: "output_text", text: step.text, annotations: [] }
        : { type: "refusal", refusal: refusalWords };
    return {
      type: "message",
      id: freshId("msg"),
      role: "assistant",
      status: "completed",
      content: [part],
    };
  }
  const command = commandOf(step);
  const [name, input] = tools.includes("exec_command")
    ? ["exec_command", { cmd: command }]
    : ["shell_command", { command }];
  return {
    type: "function_call",
    id: freshId("fc"),
    call_id: freshId("call"),
    name,
    arguments: JSON.stringify(input),
    status: "completed",
  };
}

function commandOf(step: ToolStep): string {
  switch (step.kind) {
    case "shell":
      return step.command;
    case "write": {
      const lines = step.content.replace(/\n$/, "").split("\n");
      return patch([`*** Add File: ${step.path}`, ...lines.map((line) => `+${line}`)]);
    }
    case "edit": {
      const marked = (sign: string, part: string) => part.split("\n").map((line) => sign + line);
      return patch([
        `*** Update File: ${step.path}`,
        "@@",
        ...marked("-", step.from),
        ...marked("+", step.to),
      ]);
    }
  }
}

function patch(lines: readonly string[]): string {
  return ["apply_patch <<'EOF'", "*** Begin Patch", ...lines, "*** End Patch", "EOF"].join("\n");
}
