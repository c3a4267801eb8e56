import * as v from "valibot";
import { didYouMean } from "../nearest.ts";
import { durationPattern } from "./duration.ts";
import { branchPattern, idPattern, plainPattern } from "./schema.ts";
import type { IssueList, Path, Source } from "./source.ts";

/** Other words people use for a key, and what to say about keys that are refused for a reason. */
export interface KeyHints {
  readonly synonyms: Readonly<Record<string, string>>;
  readonly refused: Readonly<Record<string, string>>;
}

/** Holds a file against its schema and adds everything that does not fit. */
export function checkShape(
  schema: v.GenericSchema,
  source: Source,
  issues: IssueList,
  hints: KeyHints,
): void {
  const parsed = v.safeParse(schema, source.value, { abortPipeEarly: true });
  for (const issue of parsed.issues ?? []) addIssue(issue, issues);
  addUnknownKeys(schema, source.value, [], issues, hints);
}

const codeOfPattern = new Map<unknown, string>([
  [durationPattern, "BAD_DURATION"],
  [idPattern, "BAD_ID"],
  [plainPattern, "BAD_CHARACTER"],
  [branchPattern, "BAD_REVISION"],
]);

function addIssue(issue: v.BaseIssue<unknown>, issues: IssueList): void {
  const steps = issue.path ?? [];
  const path = steps.map((step) => step.key as string | number);
  const isKey = (steps.at(-1) as { origin?: string } | undefined)?.origin === "key";
  if (issue.type === "strict_object" && issue.expected === "never") return;
  // valibot takes a list for a map of its places; addUnknownKeys says so once.
  if (steps.some((step) => step.type === "object" && Array.isArray(step.input))) return;
  const inside = insideMap(issue);
  if (inside.length > 0) {
    for (const part of inside) addIssue(part, issues);
    return;
  }
  if (issue.input === undefined) {
    const hint = missingHints[String(path.at(-1))];
    const message = `\`${path.at(-1)}\` is missing`;
    issues.add({ code: "MISSING_KEY", path: path.slice(0, -1), message, hint });
    return;
  }
  const subject = isKey ? `the key \`${path.at(-1)}\`` : `\`${labelOf(path)}\``;
  const code =
    codeOfPattern.get(issue.requirement) ??
    (issue.kind === "schema" && !isChoice(issue) ? "WRONG_TYPE" : "BAD_VALUE");
  const message = `${subject} must ${issue.message}${insteadOf(issue)}`;
  issues.add({ code, path, at: isKey ? "key" : "value", message, hint: hintFor(issue) });
}

const missingHints: { readonly [key: string]: string } = {
  version: "add `version: 1` at the top",
  tasks: "add a list of `tasks`",
  id: "give every task a short name, such as `id: api`",
};

/** What is wrong inside a map that stands where several shapes may; nothing for any other issue. */
function insideMap(issue: v.BaseIssue<unknown>): v.BaseIssue<unknown>[] {
  const { input } = issue;
  if (issue.type !== "union" || typeof input !== "object" || input === null) return [];
  if (Array.isArray(input)) return [];
  return (issue.issues ?? []).flatMap((part) =>
    part.path === undefined ? [] : [{ ...part, path: [...(issue.path ?? []), ...part.path] }],
  ) as v.BaseIssue<unknown>[];
}

/** `deps[0]`, `retries.max`: enough to be found, beside the line. */
function labelOf(path: Path): string {
  const last = path.at(-1);
  return typeof last === "number" ? `${path.at(-2)}[${last}]` : String(last ?? "file");
}

function isChoice(issue: v.BaseIssue<unknown>): boolean {
  const simple = typeof issue.input !== "object";
  return simple && (issue.type === "picklist" || issue.type === "literal");
}

function insteadOf(issue: v.BaseIssue<unknown>): string {
  const { input } = issue;
  if (input === null) return ", not empty";
  if (Array.isArray(input)) return issue.kind === "schema" ? ", not a list" : "";
  if (typeof input === "object") return ", not a map";
  if (typeof input === "string" && issue.kind === "schema" && !isChoice(issue))
    return ", not a text";
  const shown = String(input);
  if (issue.type === "literal" && typeof input === "string") return ", not a text";
  return shown.length === 0 || shown.length > 60 ? "" : `, not \`${shown}\``;
}

function hintFor(issue: v.BaseIssue<unknown>): string | undefined {
  const { input } = issue;
  if (input === null) return "give it a value, or remove the key";
  if (issue.message.startsWith("be a duration")) {
    return typeof input === "number" && Number.isInteger(input) && input > 0 && input < 1e6
      ? `write \`${input}s\` for seconds or \`${input}m\` for minutes`
      : undefined;
  }
  if (issue.type === "literal") return "write `1`; a later format needs a later `ra`";
  if (issue.message === "be a list of tasks") return "put `-` before each task";
  const wantsText = issue.kind === "schema" && issue.message === "be a text";
  if (wantsText && typeof input !== "object") return `put it in quotes: \`"${String(input)}"\``;
  if (typeof input === "string" && /^be an? (list|map)\b/.test(issue.message)) {
    return issue.message.startsWith("be a list") && input.length <= 60
      ? `write \`[${input}]\``
      : undefined;
  }
  if (!isChoice(issue)) return undefined;
  const choices = [...issue.message.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
  return didYouMean(String(input), choices);
}

/** valibot tells of the first unknown key of a map only, and drops some names of a record without a word. */
function addUnknownKeys(
  schema: v.GenericSchema,
  value: unknown,
  path: Path,
  issues: IssueList,
  hints: KeyHints,
): void {
  if (typeof value !== "object" || value === null) return;
  const whole = unwrap(schema);
  const shape = whole.options?.map(unwrap).find(({ entries }) => entries) ?? whole;
  if (Array.isArray(value)) {
    if (shape.type === "record" || whole.entries) {
      const message = `\`${labelOf(path)}\` must be a map, not a list`;
      issues.add({ code: "WRONG_TYPE", path, message });
    }
    if (!shape.item) return;
    for (const [i, item] of value.entries()) {
      addUnknownKeys(shape.item, item, [...path, i], issues, hints);
    }
    return;
  }
  for (const [key, part] of Object.entries(value)) {
    const inner =
      shape.type === "record"
        ? reservedNames.has(key)
          ? undefined
          : shape.value
        : shape.entries && Object.hasOwn(shape.entries, key)
          ? shape.entries[key]
          : undefined;
    if (inner) addUnknownKeys(inner, part, [...path, key], issues, hints);
    else if (shape.type === "record") {
      const message = `the key \`${key}\` cannot be a name here`;
      issues.add({ code: "UNKNOWN_KEY", path: [...path, key], at: "key", message });
    } else if (shape.type === "strict_object") {
      const known = Object.keys(shape.entries ?? {});
      const message = `the key \`${key}\` is not known here`;
      const hint = hintForKey(key, known, hints);
      issues.add({ code: "UNKNOWN_KEY", path: [...path, key], at: "key", message, hint });
    }
  }
}

const reservedNames = new Set(["__proto__", "prototype", "constructor"]);

function hintForKey(key: string, known: readonly string[], hints: KeyHints): string | undefined {
  if (key === "<<") return "merge keys are not supported; write the keys out or use `defaults`";
  const refused = Object.hasOwn(hints.refused, key) ? hints.refused[key] : undefined;
  const synonym = Object.hasOwn(hints.synonyms, key) ? hints.synonyms[key]! : "";
  if (known.includes(synonym)) return `did you mean \`${synonym}\`?`;
  const few =
    known.length <= 4 ? `known keys: ${known.map((k) => `\`${k}\``).join(", ")}` : undefined;
  return didYouMean(key, known, refused ?? few);
}

interface Shape {
  readonly type: string;
  readonly wrapped?: v.GenericSchema;
  readonly item?: v.GenericSchema;
  readonly value?: v.GenericSchema;
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly options?: readonly v.GenericSchema[];
}

function unwrap(schema: v.GenericSchema): Shape {
  let shape = schema as unknown as Shape;
  while (shape.wrapped) shape = shape.wrapped as unknown as Shape;
  return shape;
}
