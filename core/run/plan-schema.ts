import * as v from "valibot";

/* The part of the schema of events that describes a plan; see `event-schema.ts`. */

/** Text. */
export const text = v.string();
/** Text, or nothing. */
export const textOrNull = v.nullable(v.string());
/** A number, or nothing. */
export const numberOrNull = v.nullable(v.number());
/** A list of texts. */
export const texts = v.array(v.string());
const tier = v.picklist(["top", "mid", "free"]);
/** Where a task works. */
export const isolation = v.picklist(["clone", "worktree", "in-place", "none"]);
/** How a run goes on. */
export const mode = v.picklist(["auto", "step-through"]);
const amount = v.exactOptional(v.number());
/** What a run or a task may use. */
export const budget = v.object({ usd: amount, tokens: amount, timeMs: amount });

const task = v.object({
  id: text,
  position: v.number(),
  description: text,
  work: v.variant("kind", [
    v.object({ kind: v.literal("prompt"), prompt: text }),
    v.object({ kind: v.literal("command"), command: text }),
  ]),
  runner: text,
  model: textOrNull,
  tier: v.nullable(tier),
  difficulty: numberOrNull,
  deps: texts,
  parallel: v.boolean(),
  isolation: v.nullable(isolation),
  touching: texts,
  keep: texts,
  timeoutMs: v.number(),
  silenceMs: v.exactOptional(v.number()),
  verify: textOrNull,
  verifyLimits: v.object({ timeoutMs: v.number(), tries: v.number() }),
  retries: v.object({ max: v.number(), backoffMs: v.number(), maxBackoffMs: v.number() }),
  scope: v.picklist(["warn", "extend", "block"]),
  onConflict: v.picklist(["error", "retry", "agent"]),
  resolver: v.nullable(v.object({ runner: text, model: textOrNull })),
  fallback: v.exactOptional(v.array(v.object({ runner: text, model: textOrNull }))),
  fallbackAfterMs: v.exactOptional(v.number()),
  budget: v.exactOptional(budget),
  allowNoChange: v.boolean(),
  continueSession: v.exactOptional(v.literal(true)),
  env: v.record(v.string(), v.string()),
  done: v.boolean(),
});

/** A plan as `run.started` holds it. */
export const plan = v.object({
  name: text,
  mode,
  concurrency: numberOrNull,
  base: text,
  target: textOrNull,
  models: v.record(
    v.string(),
    v.object({
      top: v.exactOptional(v.string()),
      mid: v.exactOptional(v.string()),
      free: v.exactOptional(v.string()),
    }),
  ),
  shared: texts,
  budget: v.exactOptional(budget),
  tasks: v.array(task),
  format: v.picklist(["plan", "dispatch"]),
});
