import * as v from "valibot";

const text = v.string();
const textOrNull = v.nullable(v.string());
const numberOrNull = v.nullable(v.number());
const texts = v.array(v.string());
const tier = v.picklist(["top", "mid", "free"]);
const isolation = v.picklist(["clone", "worktree", "in-place", "none"]);
const mode = v.picklist(["auto", "step-through"]);

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
  verify: textOrNull,
  verifyLimits: v.object({ timeoutMs: v.number(), tries: v.number() }),
  retries: v.object({ max: v.number(), backoffMs: v.number(), maxBackoffMs: v.number() }),
  scope: v.picklist(["warn", "extend", "block"]),
  onConflict: v.picklist(["error", "retry", "agent"]),
  resolver: v.nullable(v.object({ runner: text, model: textOrNull })),
  allowNoChange: v.boolean(),
  env: v.record(v.string(), v.string()),
  done: v.boolean(),
});

/** A plan as the first event of a run holds it. */
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
  tasks: v.array(task),
  format: v.picklist(["plan", "dispatch"]),
});
