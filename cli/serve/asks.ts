import * as v from "valibot";
import { limits } from "../../core/limits.ts";
import { globs, idPattern, label, modelName, program, runnerName } from "../../core/plan/schema.ts";
import { Refusal } from "./refusal.ts";

/*
 * What may be asked of the gateway, by whichever way: one source for what is checked, for the types and for the OpenAPI
 * document. Every message completes "`key` must ...".
 */

const about = v.description;

const conversation = v.pipe(
  v.exactOptional(label(200)),
  about("Requests with the same text run one after the other, in the order in which they came."),
);

/** A request in the sender's own words. */
const promptAsk = v.strictObject({
  prompt: v.pipe(
    program,
    v.maxLength(200_000, "be at most 200000 characters long"),
    about("What is to be done."),
  ),
  runner: v.pipe(v.exactOptional(runnerName), about("The agent that does it.")),
  model: v.pipe(v.exactOptional(modelName), about("The model, as the agent names it.")),
  touching: v.pipe(v.exactOptional(globs), about("The paths that it claims to write.")),
  conversation,
});

/** A request for a plan that the user has named. */
const planAsk = v.strictObject({
  plan: v.pipe(
    v.string("be a text"),
    v.regex(idPattern, "be the name of a plan"),
    about("The name of a plan, as `GET /api/plans` lists them."),
  ),
  params: v.pipe(
    v.exactOptional(
      v.record(
        v.string(),
        v.union([v.string(), v.number(), v.boolean()], "be a text, a number or `true` or `false`"),
        "be a map of names to values",
      ),
    ),
    about("Its parameters."),
  ),
  mode: v.pipe(
    v.exactOptional(v.picklist(["step-through", "auto"], "be `step-through` or `auto`")),
    about("Whether it waits for a person after each task. Default: as the plan says."),
  ),
  conversation,
});

export const dispatchSchema = v.union([promptAsk, planAsk]);

export const batchSchema = v.strictObject({
  requests: v.pipe(
    v.array(dispatchSchema, "be a list of requests"),
    v.minLength(1, "hold at least one request"),
    v.maxLength(limits.batch, `hold at most ${limits.batch} requests`),
    about("All are accepted, or none."),
  ),
});

export const stopSchema = v.strictObject({
  task: v.pipe(v.exactOptional(label(63)), about("End this task alone.")),
});

export const retrySchema = v.strictObject({
  task: v.pipe(v.exactOptional(label(63)), about("Try this task anew alone.")),
});

export const landSchema = v.strictObject({
  task: v.pipe(v.exactOptional(label(63)), about("Land the kept result of this task alone.")),
});

export const rollbackSchema = v.strictObject({
  task: v.pipe(v.exactOptional(label(63)), about("Take the commit of this task back alone.")),
});

export const answerSchema = v.strictObject({
  answer: v.pipe(
    v.string("be a text"),
    v.minLength(1, "not be empty"),
    v.maxLength(10_000, "be at most 10000 characters long"),
    about(
      "An option of the question, by its id, its number or its label; a text where it has none.",
    ),
  ),
});

export const sessionSchema = v.strictObject({
  code: v.pipe(label(100), about("What stands behind the `#` of the link.")),
});

export const nothingSchema = v.strictObject({});

export type PromptAsk = v.InferOutput<typeof promptAsk>;
export type PlanAsk = v.InferOutput<typeof planAsk>;
export type Ask = PromptAsk | PlanAsk;

/** Reads one request. Throws `Refusal` with everything that is wrong. */
export function readAsk(value: unknown): Ask {
  const isNamed = typeof value === "object" && value !== null && "plan" in value;
  return read<Ask>(isNamed ? planAsk : promptAsk, value);
}

/** Reads a batch, each request of it as `readAsk` does. */
export function readBatch(value: unknown): readonly Ask[] {
  const list = read(
    v.strictObject({
      requests: v.pipe(
        v.array(v.unknown(), "be a list of requests"),
        v.minLength(1, "hold at least one request"),
        v.maxLength(limits.batch, `hold at most ${limits.batch} requests`),
      ),
    }),
    value,
  );
  return list.requests.map(readAsk);
}

/** Holds a value against a schema. Throws `Refusal` with everything that is wrong. */
export function read<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  // To valibot a list is an object whose keys are its places.
  if (Array.isArray(value)) throw new Refusal(400, "BAD_BODY", "the body must be an object");
  const parsed = v.safeParse(schema, value, { abortPipeEarly: true });
  if (parsed.success) return parsed.output;
  const issues = parsed.issues.map((issue) => {
    const path = v.getDotPath(issue);
    return { code: "BAD_BODY", message: said(issue, path) };
  });
  throw new Refusal(400, "BAD_BODY", issues[0]?.message ?? "the body is not valid", { issues });
}

function said(issue: v.BaseIssue<unknown>, path: string | null): string {
  const subject = path === null ? "the body" : `\`${path}\``;
  if (issue.type === "strict_object" && issue.expected === "never")
    return `${subject} is not known`;
  if (issue.input === undefined) return `${subject} is missing`;
  if (issue.type === "strict_object") return `${subject} must be an object`;
  return `${subject} must ${issue.message}`;
}
