import type { Prelude, Step } from "./model-script.ts";

export type ErrorPrelude = Extract<Prelude, { kind: "error" }>;
export type ToolStep = Exclude<Step, { kind: "say" } | { kind: "refuse" }>;
export type Json = Record<string, unknown>;

/** What a request says of the conversation it goes on with. */
export interface Asked {
  /** What the user said. */
  readonly prompt: string;
  /** How many turns the model has taken since. */
  readonly turns: number;
  /** The names of the tools it may call; a request on the side offers none. */
  readonly tools: readonly string[];
}

/** How a provider's API words what every model server says. */
export interface Dialect {
  read(body: unknown): Asked;
  /** The server-sent events of a streamed answer, each with its empty line. */
  stream(step: Step, model: string, tools: readonly string[]): readonly string[];
  whole(step: Step, model: string, tools: readonly string[]): string;
  error(error: ErrorPrelude): string;
}

/** What every answer of the model is said to have used; `input` includes what came from the cache. */
export const used = { input: 1000, cached: 200, output: 50 } as const;

/** What a model says that will not do it. */
export const refusalWords = "I cannot help with that.";

export const phrases: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "Invalid API key",
  402: "Insufficient credits",
  403: "Forbidden",
  404: "Model not found",
  429: "Rate limit exceeded",
  500: "Internal server error",
  503: "Overloaded",
  529: "Overloaded",
};

/** The words of an error: those of the script, else the usual ones. */
export function wordsOf({ message, status }: ErrorPrelude): string {
  return message ?? phrases[status] ?? "error";
}

/** One server-sent event. */
export function frame(data: string | Json): string {
  if (typeof data === "string") return `data: ${data}\n\n`;
  const name = typeof data.type === "string" ? `event: ${data.type}\n` : "";
  return `${name}data: ${JSON.stringify(data)}\n\n`;
}

/** An id that no other call has. */
export function freshId(prefix: string): string {
  return `${prefix}_${crypto.randomUUID().replaceAll("-", "").slice(0, 24)}`;
}

export function list(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

/** The text of a message, whether it is one string or a list of parts. */
export function text(value: unknown): string {
  if (typeof value === "string") return value;
  return list(value)
    .map((part) => (typeof part.text === "string" ? part.text : ""))
    .join("\n");
}
