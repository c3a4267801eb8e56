import * as v from "valibot";
import { limits } from "../limits.ts";
import { didYouMean } from "../nearest.ts";
import { oneLine } from "../plain-text.ts";
import { err, ok, type Result } from "../result.ts";
import { retriesDefault } from "./build.ts";
import { type Raw, readDrafts } from "./draft.ts";
import { commandRunner, type Known, promptRunner, timeoutDefaultMs } from "./known.ts";
import type { Issue, Plan, Task } from "./plan.ts";
import { checkTasks } from "./rules.ts";
import { taskId, taskReference } from "./schema.ts";
import { checkShape } from "./shape.ts";
import { createIssueList, type IssueList, type Source } from "./source.ts";

/** True for a dispatch file of Remote Antigravity: no `version`, but `status` and `tasks`. */
export function isDispatch(root: Raw): boolean {
  const has = (key: string): boolean => Object.hasOwn(root, key);
  return !has("version") && has("status") && has("tasks");
}

/** Reads such a file as it is. Keys it holds beyond the known ones are passed over, as its own program does. */
export function readDispatch(source: Source, known: Known): Result<Plan, readonly Issue[]> {
  const issues = createIssueList(source, "PLAN");
  const root = source.value as Raw;
  checkShape(dispatchSchema, source, issues, { synonyms: {}, refused: {} });
  if (typeof root.status === "string" && root.status !== "approved") {
    const message = `this dispatch file is \`${root.status}\`, not \`approved\``;
    const hint = "approve it, or set `status` to `approved`";
    issues.add({ code: "NOT_APPROVED", path: ["status"], message, hint });
  }
  const drafts = readDrafts(root.tasks);
  checkTasks(drafts, issues);
  for (const { raw, path } of drafts) checkPlatform(raw, [...path, "platform"], known, issues);
  const all = issues.all();
  return all.length > 0 ? err(all) : ok(buildDispatch(source.value as DispatchInput, known));
}

const line = v.pipe(
  v.string("be a text"),
  v.maxLength(1_000_000, "be at most 1000000 characters long"),
);
const optionalLine = v.nullish(line);
const difficulty = v.pipe(
  v.number("be a number from 1 to 10"),
  v.minValue(1, "be from 1 to 10"),
  v.maxValue(10, "be from 1 to 10"),
);
const dispatchSchema = v.looseObject({
  status: v.string("be a text"),
  mode: v.nullish(v.picklist(["step-through", "auto"], "be `step-through` or `auto`")),
  project: optionalLine,
  tasks: v.pipe(
    v.array(
      v.looseObject(
        {
          id: taskId,
          description: v.pipe(line, v.minLength(1, "not be empty")),
          summary: optionalLine,
          difficulty: v.nullish(difficulty),
          tier: v.nullish(v.picklist(["top", "mid", "free"], "be `top` or `mid` or `free`")),
          platform: optionalLine,
          model: optionalLine,
          parallel: v.nullish(v.boolean("be `true` or `false`")),
          deps: v.nullish(v.array(taskReference, "be a list of task ids")),
          taskStatus: optionalLine,
        },
        "be a map with an `id` and a `description`",
      ),
      "be a list of tasks",
    ),
    v.minLength(1, "hold at least one task"),
    v.maxLength(limits.tasks, `hold at most ${limits.tasks} tasks`),
  ),
});

type DispatchInput = v.InferOutput<typeof dispatchSchema>;

function checkPlatform(
  raw: Raw,
  path: readonly (string | number)[],
  known: Known,
  issues: IssueList,
): void {
  const { platform } = raw;
  if (typeof platform !== "string" || platform === "") return;
  if (platform.toLowerCase() === commandRunner) {
    const message = `\`${commandRunner}\` runs commands and cannot be given a prompt`;
    issues.add({ code: "WRONG_RUNNER", path, message, hint: "name a coding agent" });
    return;
  }
  if (known.runners.includes(platform.toLowerCase())) return;
  const names = known.runners.map((runner) => `\`${runner}\``).join(", ");
  const hint = didYouMean(platform, known.runners, `there are: ${names}`);
  const message = `there is no runner \`${platform}\``;
  issues.add({ code: "UNKNOWN_RUNNER", path, message, hint });
}

function buildDispatch(input: DispatchInput, known: Known): Plan {
  return {
    name: oneLine(input.project ?? "") || "dispatch",
    mode: input.mode ?? "step-through",
    concurrency: null,
    base: "HEAD",
    target: null,
    models: {},
    shared: [],
    tasks: input.tasks.map((task, position) => buildTask(task, position, known)),
    format: "dispatch",
  };
}

function buildTask(input: DispatchInput["tasks"][number], position: number, known: Known): Task {
  const { description, summary } = input;
  const usual = known.override?.runner ?? known.fallback?.runner ?? promptRunner;
  const timeoutMs = known.override?.timeoutMs ?? known.fallback?.timeoutMs ?? timeoutDefaultMs;
  return {
    id: String(input.id),
    position,
    description: oneLine(description) || String(input.id),
    work: { kind: "prompt", prompt: summary ? `${description}\n\n${summary}` : description },
    runner: input.platform ? input.platform.toLowerCase() : usual,
    model: input.model || null,
    tier: input.tier ?? null,
    difficulty: input.difficulty == null ? null : Math.round(input.difficulty),
    deps: (input.deps ?? []).map(String),
    parallel: input.parallel ?? false,
    isolation: null,
    touching: [],
    keep: [],
    timeoutMs,
    verify: null,
    verifyLimits: { timeoutMs, tries: 1 },
    retries: retriesDefault,
    scope: "warn",
    onConflict: "error",
    resolver: null,
    allowNoChange: false,
    env: {},
    done: input.taskStatus === "done",
  };
}
