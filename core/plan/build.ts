import { assert } from "../assert.ts";
import { oneLine } from "../plain-text.ts";
import { parseDuration } from "./duration.ts";
import { normalizeGlob } from "./glob.ts";
import { commandRunner, type Known, promptRunner, timeoutDefaultMs } from "./known.ts";
import { firstModels, modelsOfPrompt } from "./model-choice.ts";
import type { Budget, Plan, Retries, Task, Work } from "./plan.ts";
import type { PlanInput, TaskDefaults, TaskInput } from "./plan-schema.ts";

/** Retries when the plan says nothing. */
export const retriesDefault: Retries = { max: 0, backoffMs: 10_000, maxBackoffMs: 300_000 };

/** Characters of a prompt's first line that stand in for a missing description. */
const descriptionMax = 100;

/** Fills in every default. The input has been checked. */
export function buildPlan(input: PlanInput, known: Known): Plan {
  return {
    name: input.name === undefined ? "plan" : oneLine(input.name),
    mode: input.mode ?? "step-through",
    concurrency: input.concurrency ?? null,
    base: input.base ?? "HEAD",
    target: input.target ?? null,
    models: firstModels(input.models ?? {}),
    shared: (input.shared ?? []).map(cleanGlob),
    ...budgetOf(input.budget),
    tasks: input.tasks.map((task, position) => buildTask(task, position, input, known)),
    format: "plan",
  };
}

function buildTask(own: TaskInput, position: number, input: PlanInput, known: Known): Task {
  const { defaults = {} } = input;
  const id = String(own.id);
  const merged = { ...defaults, ...own };
  const work = workOf(own);
  const runner = runnerOf(own, defaults, known);
  const timeoutMs = timeoutOf(own, defaults, known);
  return {
    id,
    position,
    description: describeWork(own, work),
    work,
    runner,
    ...(work.kind === "command" ? { model: null, tier: null } : modelsOfPrompt(own, input, runner)),
    ...budgetOf({ ...defaults.budget, ...own.budget }),
    ...fallbackAfterOf(own.fallbackAfter ?? defaults.fallbackAfter),
    difficulty: merged.difficulty ?? null,
    deps: (own.deps ?? []).map(String),
    parallel: merged.parallel ?? true,
    isolation: merged.isolation ?? null,
    touching: (merged.touching ?? []).map(cleanGlob),
    keep: (merged.keep ?? []).map(cleanGlob),
    timeoutMs,
    ...silenceOf(own.silence ?? defaults.silence),
    ...verifyOf(merged.verify, timeoutMs),
    retries: retriesOf({ ...defaults.retries, ...own.retries }),
    scope: merged.scope ?? "warn",
    onConflict: merged.onConflict ?? "error",
    resolver: merged.resolver
      ? { runner: merged.resolver.runner, model: merged.resolver.model ?? null }
      : null,
    allowNoChange: merged.allowNoChange ?? false,
    // What `defaults` ask of agents says nothing of commands.
    ...((work.kind === "command" ? own : merged).continueSession ? { continueSession: true } : {}),
    env: { ...defaults.env, ...own.env },
    done: false,
  };
}

function workOf(own: TaskInput): Work {
  if (own.run !== undefined) return { kind: "command", command: own.run };
  const prompt = own.prompt ?? own.description;
  assert(prompt !== undefined, "a task without work was not refused");
  return { kind: "prompt", prompt };
}

function describeWork(own: TaskInput, work: Work): string {
  if (own.description !== undefined) return oneLine(own.description) || String(own.id);
  if (work.kind === "command") return String(own.id);
  const line = oneLine(work.prompt.trimStart().split("\n", 1)[0]!);
  const units = [...line];
  if (units.length <= descriptionMax) return line || String(own.id);
  return `${units.slice(0, descriptionMax - 1).join("")}…`;
}

function runnerOf(own: TaskInput, defaults: TaskDefaults, known: Known): string {
  if (own.run !== undefined) return commandRunner;
  const usual = known.override?.runner ?? defaults.runner ?? known.fallback?.runner;
  return own.runner ?? usual ?? promptRunner;
}

function timeoutOf(own: TaskInput, defaults: TaskDefaults, known: Known): number {
  if (own.timeout !== undefined) return milliseconds(own.timeout);
  if (known.override?.timeoutMs !== undefined) return known.override.timeoutMs;
  if (defaults.timeout !== undefined) return milliseconds(defaults.timeout);
  return known.fallback?.timeoutMs ?? timeoutDefaultMs;
}

function budgetOf(input: PlanInput["budget"]): { readonly budget?: Budget } {
  const { time, ...rest } = input ?? {};
  const budget = { ...rest, ...(time === undefined ? {} : { timeMs: milliseconds(time) }) };
  return Object.keys(budget).length === 0 ? {} : { budget };
}

function fallbackAfterOf(text: string | undefined): Pick<Task, "fallbackAfterMs"> {
  return text === undefined ? {} : { fallbackAfterMs: milliseconds(text) };
}

function silenceOf(text: string | undefined): Pick<Task, "silenceMs"> {
  return text === undefined ? {} : { silenceMs: milliseconds(text) };
}

function verifyOf(
  input: TaskDefaults["verify"],
  timeoutMs: number,
): Pick<Task, "verify" | "verifyLimits"> {
  const { run, timeout, tries }: Exclude<typeof input, string | undefined> =
    typeof input === "object" ? input : { run: input ?? "" };
  return {
    verify: input === undefined ? null : run,
    verifyLimits: {
      timeoutMs: timeout === undefined ? timeoutMs : milliseconds(timeout),
      tries: tries ?? 1,
    },
  };
}

function retriesOf(input: NonNullable<TaskInput["retries"]>): Retries {
  const backoffMs = input.backoff ? milliseconds(input.backoff) : retriesDefault.backoffMs;
  const most = input.maxBackoff ? milliseconds(input.maxBackoff) : retriesDefault.maxBackoffMs;
  return {
    max: input.max ?? retriesDefault.max,
    backoffMs: input.maxBackoff ? Math.min(backoffMs, most) : backoffMs,
    maxBackoffMs: Math.max(backoffMs, most),
  };
}

function milliseconds(text: string): number {
  const ms = parseDuration(text);
  assert(ms !== null, "a bad duration was not refused");
  return ms;
}

function cleanGlob(glob: string): string {
  return glob.startsWith("!") ? `!${normalizeGlob(glob.slice(1))}` : normalizeGlob(glob);
}
