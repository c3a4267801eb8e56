import type { PlanOutline } from "./plan-view.ts";

/** What somebody typed. */
export type Typed =
  | { readonly kind: "help" }
  | { readonly kind: "ps" }
  | {
      readonly kind: "run";
      readonly plan: string;
      readonly params: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "stop" | "continue" | "log";
      readonly run: string;
      readonly task: string | null;
    }
  /** No command. */
  | { readonly kind: "text"; readonly text: string };

/** Reads a message. `/stop@NAME` is `/stop`; words in quotes are one. */
export function readTyped(text: string): Typed {
  const [, command, rest = ""] = /^\/([a-z]+)(?:@\w+)?(?:\s+([\s\S]*))?$/i.exec(text.trim()) ?? [];
  switch (command?.toLowerCase()) {
    case undefined:
      return { kind: "text", text };
    case "ps":
      return { kind: "ps" };
    case "run": {
      const [plan = "", ...others] = wordsOf(rest);
      const params = others.map((word) => {
        const at = word.indexOf("=");
        return at < 0
          ? ([word, "true"] as const)
          : ([word.slice(0, at), word.slice(at + 1)] as const);
      });
      return plan === ""
        ? { kind: "help" }
        : { kind: "run", plan, params: Object.fromEntries(params) };
    }
    case "stop":
    case "continue":
    case "log": {
      const [run = "", task = null] = (wordsOf(rest)[0] ?? "").split("/", 2);
      return { kind: command?.toLowerCase() as "stop", run, task };
    }
    default:
      return { kind: "help" };
  }
}

/** Words, of which those in double quotes may hold spaces. */
function wordsOf(text: string): string[] {
  // Phones make their own quotes of them.
  const found = text.replace(/[\u201c\u201d\u201e]/g, '"').matchAll(/(?:"[^"]*"|[^\s"])+/g);
  return [...found].map(([word]) => word.replaceAll('"', ""));
}

/** Parameters as their plan wants them; what does not fit stays a text, and is refused where everything is. */
export function typedParams(
  { params }: Pick<PlanOutline, "params">,
  given: Readonly<Record<string, string>>,
): Record<string, string | number | boolean> {
  const entries = Object.entries(given).map(([name, text]) => {
    const type = Object.hasOwn(params, name) ? params[name]?.type : undefined;
    if (type === "number" && /^-?\d{1,15}$/.test(text)) return [name, Number(text)] as const;
    if (type === "flag" && /^(true|false)$/.test(text)) return [name, text === "true"] as const;
    return [name, text] as const;
  });
  return Object.fromEntries(entries);
}
