import { isMap, isSeq, parseDocument } from "yaml";
import { asMap, idText } from "./draft.ts";
import { type JsonNode, scanJson } from "./json.ts";

/** What a run has to say in a dispatch file. Absent parts stay as they are; `error: null` clears one that is there. */
export interface DispatchChanges {
  readonly status?: "approved" | "completed" | "stopped";
  readonly tasks: readonly {
    readonly id: string;
    readonly taskStatus: string;
    readonly error?: string | null;
  }[];
}

/**
 * The text of a dispatch file with the changes in it and everything else as it was, down to spaces, line ends and
 * key order. Null when the text is no dispatch file any more. Tasks that are not in it are passed over.
 */
export function writeBack(text: string, changes: DispatchChanges): string | null {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return writeYaml(text, changes);
  }
  const start = text.startsWith("\uFEFF") ? 1 : 0;
  const body = text.slice(start);
  const tasks = asMap(value).tasks;
  const root = scanJson(body);
  const list = memberOf(root, "tasks")?.items;
  if (!list || !Array.isArray(tasks)) return null;

  const edits: Edit[] = [];
  if (changes.status) edits.push(setMember(body, root, "status", changes.status));
  const positions = new Map(tasks.map((task, i) => [idText(asMap(task).id), i]));
  for (const change of changes.tasks) {
    const node = list[positions.get(change.id) ?? -1];
    if (!node?.members) continue;
    edits.push(...editTask(body, node, change));
  }
  return text.slice(0, start) + applyEdits(body, edits);
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function editTask(
  text: string,
  node: JsonNode,
  change: DispatchChanges["tasks"][number],
): readonly Edit[] {
  const edits = [setMember(text, node, "taskStatus", change.taskStatus)];
  if (change.error === undefined) return edits;
  if (change.error === null && !memberOf(node, "error")) return edits;
  return [...edits, setMember(text, node, "error", change.error)];
}

function memberOf(node: JsonNode, name: string): JsonNode | undefined {
  return node.members?.find((member) => member.name === name)?.value;
}

function setMember(text: string, node: JsonNode, name: string, value: string | null): Edit {
  const old = memberOf(node, name);
  if (old) return { start: old.start, end: old.end, text: JSON.stringify(value) };
  const last = node.members?.at(-1);
  if (!last) return { start: node.start + 1, end: node.start + 1, text: written(name, value, " ") };
  const gap = /\s*$/.exec(text.slice(node.start + 1, node.members![0]!.start))![0];
  const space = text.slice(last.end, last.value.start).includes(" ") ? " " : "";
  const at = last.value.end;
  return { start: at, end: at, text: `,${gap || space}${written(name, value, space)}` };
}

function written(name: string, value: string | null, space: string): string {
  return `${JSON.stringify(name)}:${space}${JSON.stringify(value)}`;
}

/** Edits at the same offset keep their order: two new members of one task follow each other. */
function applyEdits(text: string, edits: readonly Edit[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    parts.push(text.slice(at, edit.start), edit.text);
    at = edit.end;
  }
  return parts.join("") + text.slice(at);
}

function writeYaml(text: string, changes: DispatchChanges): string | null {
  const document = parseDocument(text);
  const tasks = document.get("tasks");
  if (document.errors.length > 0 || !isMap(document.contents) || !isSeq(tasks)) return null;
  if (changes.status) document.set("status", changes.status);
  const byId = new Map(tasks.items.filter(isMap).map((task) => [idText(task.get("id")), task]));
  for (const change of changes.tasks) {
    const task = byId.get(change.id);
    if (!task) continue;
    task.set("taskStatus", change.taskStatus);
    if (change.error !== undefined && (change.error !== null || task.has("error"))) {
      task.set("error", change.error);
    }
  }
  return document.toString({ lineWidth: 0 });
}
