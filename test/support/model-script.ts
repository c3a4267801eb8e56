/** One line of a script: what the model does when its turn comes. */
export type Step =
  | { readonly kind: "write"; readonly path: string; readonly content: string }
  | { readonly kind: "edit"; readonly path: string; readonly from: string; readonly to: string }
  | { readonly kind: "shell"; readonly command: string }
  | { readonly kind: "say"; readonly text: string }
  /** The model will not do it, in its provider's own form. */
  | { readonly kind: "refuse" };

/** What happens before a step is answered. */
export type Prelude =
  | {
      readonly kind: "error";
      readonly status: number;
      /** Seconds, sent as `Retry-After` and in the provider's own form; null sends neither. */
      readonly retryAfter: number | null;
      /** How often; null means always. */
      readonly times: number | null;
      readonly message: string | null;
    }
  | { readonly kind: "hang" }
  /** The stream breaks off; `times` as for an error. */
  | { readonly kind: "cut"; readonly times: number | null }
  /** The answer is no event stream at all. */
  | { readonly kind: "junk"; readonly times: number | null }
  /** The answer comes in pieces, so many milliseconds apart. */
  | { readonly kind: "slow"; readonly pauseMs: number }
  | { readonly kind: "hold"; readonly file: string };

/** A step and what comes before it. Without a step the preludes are the end of the script. */
export interface Turn {
  readonly preludes: readonly Prelude[];
  readonly step: Step;
}

/**
 * Reads the lines of a prompt that begin with `@@`, in order; other lines are ignored. `@@write PATH <<TEXT>>`,
 * `@@edit PATH <<FROM>> <<TO>>`, `@@shell COMMAND`, `@@say TEXT`, `@@refuse`, and before them any of
 * `@@error STATUS [retry-after=S] [times=N] [MESSAGE]`, `@@hold FILE` (until it exists), `@@hang`, `@@slow MS`,
 * `@@cut [times=N]` (the answer breaks off) and `@@junk [times=N]`. `\n` stands for a line end. The script ends with
 * `@@say done` unless it says otherwise.
 */
export function parseScript(prompt: string): readonly Turn[] {
  const turns: Turn[] = [];
  let preludes: Prelude[] = [];
  for (const line of prompt.split("\n")) {
    const match = /@@(\w+)\s*(.*)$/.exec(line);
    if (match === null) continue;
    const parsed = parseLine(match[1] as string, lineEnds(match[2] as string));
    if (isPrelude(parsed)) preludes.push(parsed);
    else {
      turns.push({ preludes, step: parsed });
      preludes = [];
    }
  }
  const last = turns.at(-1)?.step.kind;
  if ((last !== "say" && last !== "refuse") || preludes.length > 0) {
    turns.push({ preludes, step: { kind: "say", text: "done" } });
  }
  return turns;
}

/** True when a text holds at least one line of a script. */
export function hasScript(text: string): boolean {
  return /@@\w+/.test(text);
}

function parseLine(verb: string, rest: string): Step | Prelude {
  const quoted = [...rest.matchAll(/<<([\s\S]*?)>>/g)].map((match) => match[1] as string);
  const path = rest.split(/\s/, 1)[0] ?? "";
  switch (verb) {
    case "write":
      return { kind: "write", path, content: quoted[0] ?? "" };
    case "edit":
      return { kind: "edit", path, from: quoted[0] ?? "", to: quoted[1] ?? "" };
    case "shell":
      return { kind: "shell", command: rest };
    case "say":
      return { kind: "say", text: rest };
    case "error":
      return parseError(rest);
    case "hold":
      return { kind: "hold", file: path };
    case "slow":
      return { kind: "slow", pauseMs: Number(path) };
    case "hang":
    case "refuse":
      return { kind: verb };
    case "cut":
    case "junk":
      return { kind: verb, times: numberIn(rest, /times=(\d+)/) };
    default:
      throw new Error(`unknown line of a script: @@${verb}`);
  }
}

function parseError(rest: string): Prelude {
  const message = rest.replace(/^\d+|retry-after=\d+|times=\d+/g, "").trim();
  return {
    kind: "error",
    status: numberIn(rest, /^(\d+)/) ?? 500,
    retryAfter: numberIn(rest, /retry-after=(\d+)/),
    times: numberIn(rest, /times=(\d+)/),
    message: message === "" ? null : message,
  };
}

function numberIn(text: string, pattern: RegExp): number | null {
  const match = pattern.exec(text);
  return match === null ? null : Number(match[1]);
}

function isPrelude(line: Step | Prelude): line is Prelude {
  return ["error", "hang", "cut", "junk", "slow", "hold"].includes(line.kind);
}

function lineEnds(text: string): string {
  return text.replaceAll("\\n", "\n");
}
