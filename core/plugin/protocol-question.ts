import type {
  CreateElicitationRequest,
  CreateElicitationResponse,
  RequestPermissionRequest,
  RequestPermissionResponse,
} from "@agentclientprotocol/sdk";
import { verdictOn } from "./permission.ts";
import type { Job, Option } from "./runner.ts";

/** Answers an agent of the Agent Client Protocol that asks for a permission: by what the job says, or by a person's word. */
export async function permit(
  job: Job,
  { toolCall, options }: RequestPermissionRequest,
): Promise<RequestPermissionResponse> {
  const diffs = (toolCall.content ?? []).flatMap((each) => (each.type === "diff" ? each : []));
  const paths = [...(toolCall.locations ?? []), ...diffs].map(({ path }) => path);
  const verdict = verdictOn(job, { kind: toolCall.kind ?? "", paths });
  const once = options.find(({ kind }) => kind === "allow_once");
  const offered = options.map(
    ({ optionId, name, kind }): Option => ({
      id: optionId,
      label: name,
      effect: kind.startsWith("allow") ? "allow" : "refuse",
      ...(kind.endsWith("_always") ? { lasts: true } : {}),
    }),
  );
  const text = textOf(toolCall);
  const isAsked = verdict === "ask" || (verdict === "allow" && once === undefined);
  const given = verdict === "allow" ? (once?.optionId ?? null) : null;
  const answer = isAsked ? await job.ask({ text, options: offered }) : given;
  const taken = answer ?? options.find(({ kind }) => kind === "reject_once")?.optionId ?? null;
  if (taken === null) return { outcome: { outcome: "cancelled" } };
  return { outcome: { outcome: "selected", optionId: taken } };
}

/** Some agents give but a path for a title: what is to be done, and where, is added as far as it is missing. */
function textOf({ title, kind, locations }: RequestPermissionRequest["toolCall"]): string {
  const text = title ?? "";
  const isNamed = kind == null || text.toLowerCase().includes(kind);
  const places = (locations ?? []).map(({ path }) => path).filter((path) => !text.includes(path));
  const parts = [isNamed ? "" : kind, text, places.join(", ")].filter((part) => part !== "");
  return parts.length === 0 ? "a tool" : parts.join(": ");
}

interface FormField {
  readonly type: string;
  readonly title?: string | null;
  readonly enum?: readonly string[] | null;
  readonly oneOf?: readonly { readonly const: string; readonly title: string }[] | null;
}

/** Fields of a form that are asked one after the other. */
const fieldsMax = 5;

/**
 * Answers an agent that asks a person questions: each field of its form, a text or a choice, is one. A form with anything
 * else, or one that is not answered, is declined: the agent then decides by itself.
 */
export async function fillIn(
  job: Job,
  request: CreateElicitationRequest,
): Promise<CreateElicitationResponse> {
  const { mode, message } = request;
  const { requestedSchema } = request as { requestedSchema?: { properties?: object } };
  const fields = Object.entries((requestedSchema?.properties ?? {}) as Record<string, FormField>);
  const isPlain = fields.every(([, { type }]) => type === "string" || type === "boolean");
  if (mode !== "form" || !isPlain || fields.length === 0 || fields.length > fieldsMax) {
    return { action: "decline" };
  }
  const content: Record<string, string | boolean> = {};
  for (const [name, field] of fields) {
    const text = fields.length === 1 ? message : `${message} ${field.title ?? name}`;
    const answer = await job.ask({ text, options: choicesOf(field) });
    if (answer === null) return { action: "decline" };
    content[name] = field.type === "boolean" ? answer === "yes" : answer;
  }
  return { action: "accept", content };
}

function choicesOf({ type, enum: values, oneOf }: FormField): Option[] {
  const choices =
    type === "boolean"
      ? [...booleans]
      : (oneOf?.map(({ const: id, title: label }) => ({ id, label })) ??
        values?.map((id) => ({ id, label: id })) ??
        []);
  return choices.map((choice) => ({ ...choice, effect: "answer" }));
}

const booleans = [
  { id: "yes", label: "yes" },
  { id: "no", label: "no" },
] as const;
