import { block, oneLine } from "../../core/plain-text.ts";

/** One thing that an agent said, or did with one of its tools. */
export type Said =
  | { readonly kind: "says"; readonly text: string }
  | { readonly kind: "does"; readonly tool: string; readonly what: string };

type Fields = Readonly<Record<string, unknown>>;

/** Characters of what a tool was asked that are told. */
const whatMax = 300;

/** Where the streams of agents say what a tool was asked; and what of that tells most, the first first. */
const askedKeys = ["input", "parameters", "rawInput"];
const tellingKeys = [
  ...["command", "file_path", "filePath", "path", "pattern", "query", "url", "title"],
  "description",
];

/** Kinds of lines that tell what comes again when it has ended, or what others said. */
const passedOver: ReadonlySet<unknown> = new Set(["item.started", "user", "user_message_chunk"]);

/**
 * What an agent said and did, from what it printed: lines of JSON in whichever of the forms that agents use. What is in no such
 * form is left out. It is for people to follow the work; nothing is decided by it.
 */
export function activityIn(output: string): readonly Said[] {
  const all: Said[] = [];
  for (const line of output.split("\n")) {
    if (!line.startsWith("{")) continue;
    try {
      gather(JSON.parse(line), all);
    } catch {
      // Cut by the cap of the log, or none of the agent's own.
    }
  }
  return all;
}

function gather(value: unknown, into: Said[]): void {
  if (Array.isArray(value)) {
    for (const one of value) gather(one, into);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const fields = value as Fields;
  const { type, role, sessionUpdate } = fields;
  if (passedOver.has(type) || passedOver.has(sessionUpdate) || role === "user") return;
  const tool = toolOf(fields);
  const text = textOf(fields);
  if (tool !== null) into.push({ kind: "does", tool: oneLine(tool), what: whatOf(fields) });
  else if (text === null) for (const part of Object.values(fields)) gather(part, into);
  else say(block(text), isPiece(fields), into);
}

/** Agents send what they say in pieces, or in whole. */
function say(text: string, isNext: boolean, into: Said[]): void {
  const last = into.at(-1);
  if (isNext && last?.kind === "says") {
    into[into.length - 1] = { kind: "says", text: last.text + text };
  } else if (text.trim() !== "") into.push({ kind: "says", text });
}

function isPiece({ delta, sessionUpdate }: Fields): boolean {
  return delta === true || sessionUpdate === "agent_message_chunk";
}

/** The name of the tool that an object tells of; null for one that tells of none. */
function toolOf(fields: Fields): string | null {
  const { type, name, input, tool, tool_name: named, title, sessionUpdate } = fields;
  if (typeof named === "string") return named;
  if (typeof tool === "string") return tool;
  if (typeof name === "string" && typeof input === "object") return name;
  if (sessionUpdate === "tool_call") return typeof title === "string" ? title : "a tool";
  return type === "command_execution" || type === "file_change" ? type : null;
}

/** What an object says; null for one that says nothing itself. */
function textOf({ type, role, text, content, sessionUpdate, message }: Fields): string | null {
  if ((type === "text" || type === "agent_message") && typeof text === "string") return text;
  if (role === "assistant" && typeof content === "string") return content;
  if (type === "error" && typeof message === "string") return message;
  if (sessionUpdate !== "agent_message_chunk") return null;
  const { text: piece } = (content ?? {}) as Fields;
  return typeof piece === "string" ? piece : null;
}

function whatOf(fields: Fields): string {
  const { state, changes } = fields;
  if (Array.isArray(changes)) {
    const paths = changes.map((change) => (change as Fields | null)?.path);
    return brief(paths.filter((path) => typeof path === "string").join(", "));
  }
  const holders = [fields, (state ?? {}) as Fields];
  const asked = holders.flatMap((holder) => askedKeys.map((key) => holder[key]));
  for (const candidate of [...asked, fields]) {
    if (typeof candidate !== "object" || candidate === null) continue;
    for (const key of tellingKeys) {
      const told = (candidate as Fields)[key];
      if (typeof told === "string" && told !== "") return brief(told);
    }
  }
  return "";
}

function brief(text: string): string {
  const line = oneLine(text);
  return line.length <= whatMax ? line : `${line.slice(0, whatMax - 1)}…`;
}
