import { oneLine } from "../core/plain-text.ts";

/** A request in somebody's own words. */
export interface PromptRequest {
  readonly prompt: string;
  readonly runner?: string | undefined;
  readonly model?: string | undefined;
  readonly touching?: readonly string[] | undefined;
  /** A shell command; only ever from the user. */
  readonly verify?: string | undefined;
}

/** Longest name that is made of a prompt, in characters. */
const nameMax = 72;

/** The first line of a prompt, cut: stands for it in lists and in the subject of its commit. */
export function nameOfPrompt(prompt: string): string {
  const firstLine = oneLine(prompt.trim().split("\n", 1)[0] ?? "") || "request";
  const characters = [...firstLine];
  if (characters.length <= nameMax) return firstLine;
  return `${characters.slice(0, nameMax - 1).join("")}…`;
}

/** The plan of one task that a request becomes, as a plan file would say it. */
export function planOfPrompt(request: PromptRequest): object {
  const { prompt, runner, model, touching = [], verify } = request;
  const description = nameOfPrompt(prompt);
  const task = {
    id: "request",
    description,
    prompt,
    ...(touching.length > 0 ? { touching } : {}),
    ...(runner === undefined ? {} : { runner }),
    ...(model === undefined ? {} : { model }),
    ...(verify === undefined ? {} : { verify }),
  };
  return { version: 1, name: description, mode: "auto", tasks: [task] };
}
