import * as v from "valibot";
import type { Event } from "./event.ts";
import { finding, outcome, taskError } from "./outcome-schema.ts";
import {
  budget,
  isolation,
  mode,
  numberOrNull,
  plan,
  text,
  textOrNull,
  texts,
} from "./plan-schema.ts";
import { questionAnswered, questionAsked, questionWithdrawn } from "./question-schema.ts";
import { sessionOpened } from "./session-schema.ts";

/*
 * The shape of the events that leave `ra`, for `ra schema events`, and for what is read from a damaged registry. Nothing
 * else is validated at run time.
 * Readers must pass over keys and types they do not know.
 */

const runStatus = v.picklist(["succeeded", "failed", "stopped", "interrupted"]);
const endStatus = v.picklist(["done", "error", "skipped", "stopped"]);

const process = v.object({ pid: v.number(), startTicks: numberOrNull });

const owner = v.object({
  ...process.entries,
  host: v.exactOptional(text),
  boot: v.exactOptional(text),
});
const epoch = v.exactOptional(v.number());

const verified = v.object({ checks: v.number(), together: v.number(), notes: texts });

const landing = v.variant("kind", [
  v.object({ kind: v.literal("merged"), commit: text, verified: v.exactOptional(verified) }),
  v.object({ kind: v.literal("nothing") }),
  v.object({ kind: v.literal("conflicted"), paths: texts, with: texts }),
  v.object({ kind: v.literal("rejected"), findings: v.array(finding) }),
  v.object({ kind: v.literal("unverified"), message: text }),
]);

const reason = v.variant("kind", [
  v.object({ kind: v.literal("claim"), glob: text, by: text, theirs: text }),
  v.object({ kind: v.literal("runner-cap"), runner: text }),
  v.object({ kind: v.literal("cooldown"), provider: text, until: text }),
  v.object({ kind: v.literal("alone") }),
  v.object({
    kind: v.literal("disk"),
    holds: text,
    path: text,
    free: v.number(),
    least: v.number(),
  }),
]);

const usage = v.nullable(
  v.object({ inputTokens: numberOrNull, outputTokens: numberOrNull, costUsd: numberOrNull }),
);

const published = v.object({
  target: text,
  from: text,
  to: text,
  keptOn: textOrNull,
  reason: textOrNull,
});

const summary = v.object({
  id: text,
  status: endStatus,
  commit: textOrNull,
  attempts: v.number(),
  error: v.nullable(taskError),
  because: v.exactOptional(v.string()),
});

const budgetMark = {
  task: v.exactOptional(text),
  measure: v.picklist(["usd", "tokens", "time"]),
  used: v.number(),
  limit: v.number(),
  unknown: v.exactOptional(v.object({ attempts: v.number(), of: v.number() })),
};

const envelope = { v: v.literal(1), seq: v.number(), at: text, run: text };
const limit = {
  limit: v.picklist(["events", "attempts"]),
  count: v.number(),
  max: v.number(),
};
const attempt = { ...envelope, task: text, attempt: v.number() };

/** One recorded event as it leaves `ra`, one JSON object a line. */
export const eventSchema = v.pipe(
  v.variant("type", [
    v.object({
      ...envelope,
      type: v.literal("run.started"),
      name: text,
      planPath: textOrNull,
      plan,
      mode,
      concurrency: v.number(),
      target: textOrNull,
      base: textOrNull,
      owner,
      epoch,
      requestId: textOrNull,
    }),
    v.object({
      ...envelope,
      type: v.literal("run.resumed"),
      owner,
      epoch,
      budget: v.exactOptional(budget),
      budgets: v.exactOptional(v.record(v.string(), budget)),
      retries: v.exactOptional(texts),
    }),
    v.object({ ...envelope, type: v.literal("budget.neared"), ...budgetMark }),
    v.object({ ...envelope, type: v.literal("budget.reached"), ...budgetMark }),
    v.object({ ...envelope, type: v.literal("run.paused"), done: texts }),
    v.object({ ...envelope, type: v.literal("run.continued"), by: text }),
    v.object({
      ...envelope,
      type: v.literal("request.received"),
      action: v.picklist(["continue", "stop"]),
      task: v.exactOptional(v.string()),
      by: text,
    }),
    v.object({ ...envelope, type: v.literal("task.waiting"), task: text, reason }),
    v.object({
      ...attempt,
      type: v.literal("attempt.started"),
      runner: text,
      model: textOrNull,
      isolation,
      touching: texts,
      resolves: v.exactOptional(v.object({ attempt: v.number(), paths: texts, with: texts })),
      provider: v.exactOptional(text),
      instead: v.exactOptional(v.object({ runner: text, model: textOrNull, reason: text })),
      probes: v.exactOptional(v.literal(true)),
    }),
    v.object({
      ...attempt,
      type: v.literal("process.spawned"),
      process,
      workspace: textOrNull,
      base: textOrNull,
    }),
    v.object({
      ...envelope,
      type: v.literal("conflict.foreseen"),
      task: text,
      with: textOrNull,
      paths: texts,
    }),
    v.object({
      ...attempt,
      type: v.literal("attempt.finished"),
      outcome,
      durationMs: v.number(),
      usage,
      kept: textOrNull,
      notes: texts,
      findings: v.exactOptional(v.array(finding)),
      cooldown: v.exactOptional(v.object({ provider: text, until: text, times: v.number() })),
    }),
    v.object({ ...attempt, type: v.literal("question.asked"), ...questionAsked }),
    v.object({ ...attempt, type: v.literal("question.answered"), ...questionAnswered }),
    v.object({ ...attempt, type: v.literal("question.withdrawn"), ...questionWithdrawn }),
    v.object({ ...attempt, type: v.literal("session.opened"), ...sessionOpened }),
    v.object({ ...attempt, type: v.literal("cooldown.ended"), provider: text }),
    v.object({ ...attempt, type: v.literal("claim.extended"), paths: texts }),
    v.object({
      ...envelope,
      type: v.literal("task.parked"),
      task: text,
      until: text,
      message: text,
      provider: v.exactOptional(text),
    }),
    v.object({ ...attempt, type: v.literal("merge.finished"), landing, warnings: texts }),
    v.object({
      ...envelope,
      type: v.literal("task.finished"),
      task: text,
      status: endStatus,
      error: v.nullable(taskError),
      commit: textOrNull,
      because: v.exactOptional(v.string()),
    }),
    v.object({ ...envelope, type: v.literal("claims.yielded") }),
    v.object({ ...envelope, type: v.literal("check.passed"), tree: text, check: text }),
    v.object({ ...envelope, type: v.literal("limit.neared"), ...limit }),
    v.object({ ...envelope, type: v.literal("limit.reached"), ...limit }),
    v.object({
      ...envelope,
      type: v.literal("run.finished"),
      status: runStatus,
      exitCode: v.number(),
      published: v.nullable(published),
      tasks: v.array(summary),
    }),
    v.object({
      ...envelope,
      type: v.literal("run.landed"),
      target: text,
      from: text,
      to: text,
      tasks: v.array(v.object({ id: text, attempt: v.number(), commit: textOrNull })),
      verified: v.boolean(),
      complete: v.boolean(),
      status: runStatus,
      exitCode: v.number(),
    }),
    v.object({
      ...envelope,
      type: v.literal("run.reverted"),
      target: text,
      from: text,
      to: text,
      tasks: v.array(v.object({ id: text, commit: text, revert: text })),
      verified: v.boolean(),
    }),
    v.object({
      ...envelope,
      type: v.literal("run.held"),
      owner,
      epoch: v.number(),
      by: v.picklist(["land", "rollback", "clean"]),
    }),
    v.object({ ...envelope, type: v.literal("run.released") }),
    v.object({
      ...envelope,
      type: v.literal("logs.removed"),
      bytes: v.number(),
      totalMax: v.number(),
    }),
    v.object({
      ...envelope,
      type: v.literal("run.cleaned"),
      tasks: v.array(v.object({ id: text, unlanded: v.boolean() })),
      branch: textOrNull,
    }),
  ]),
  v.title("ra event"),
  v.description("One line of `ra dispatch --json`, `ra logs --json` and the gateway's streams."),
);

/** The types that an event may have. */
export const eventTypes = eventSchema.pipe[0].options.map(({ entries }) => entries.type.literal);

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;
type Described = DeepReadonly<v.InferOutput<typeof eventSchema>>;

/** Compiles only while the schema and the union of events say the same. */
export const schemaAgrees: [Described] extends [Event]
  ? [DeepReadonly<Event>] extends [Described]
    ? true
    : "the schema lacks something an event may hold"
  : "the schema allows something no event holds" = true;
