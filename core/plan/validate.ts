import { didYouMean } from "../nearest.ts";
import { err, ok, type Result } from "../result.ts";
import { buildPlan } from "./build.ts";
import { asMap, asText, type Draft, type Raw, readDrafts } from "./draft.ts";
import { durationPattern, parseDuration } from "./duration.ts";
import { globTrouble } from "./glob.ts";
import { commandRunner, type Known, promptRunner } from "./known.ts";
import type { Issue, Plan } from "./plan.ts";
import { type PlanInput, planSchema } from "./plan-schema.ts";
import { checkTasks } from "./rules.ts";
import { checkShape, type KeyHints } from "./shape.ts";
import { createIssueList, type IssueList, type Path, type Source } from "./source.ts";
import { checkModelChoice } from "./tier-rules.ts";

/** A plan of version 1, or everything that is wrong with it, sorted by place. */
export function validatePlan(source: Source, known: Known): Result<Plan, readonly Issue[]> {
  const issues = createIssueList(source, "PLAN");
  checkShape(planSchema, source, issues, keyHints);
  const root = asMap(source.value);
  const drafts = readDrafts(root.tasks);
  checkTasks(drafts, issues);
  checkGlobs(root.shared, ["shared"], issues);
  checkBudget(root.budget, ["budget"], issues);
  checkModels(root, known, issues);
  checkOptions(asMap(root.defaults), ["defaults"], known, issues);
  for (const draft of drafts) {
    checkOptions(draft.raw, draft.path, known, issues);
    if (draft.isMap) {
      checkWork(draft, issues);
      checkResolver(draft, root, issues);
    }
  }
  checkModelChoice(root, drafts, known, issues);
  const all = issues.all();
  return all.length > 0 ? err(all) : ok(buildPlan(source.value as PlanInput, known));
}

const ownKey = "it belongs to one task and cannot stand in `defaults`";
const keyHints: KeyHints = {
  synonyms: {
    needs: "deps",
    depends_on: "deps",
    dependsOn: "deps",
    dependencies: "deps",
    after: "deps",
    agent: "runner",
    platform: "runner",
    command: "run",
    cmd: "run",
    script: "run",
    files: "touching",
    paths: "touching",
    title: "description",
    check: "verify",
    environment: "env",
    jobs: "concurrency",
    branch: "target",
    steps: "tasks",
  },
  refused: { id: ownKey, deps: ownKey, description: ownKey, prompt: ownKey, run: ownKey },
};

function checkGlobs(value: unknown, path: Path, issues: IssueList): void {
  if (!Array.isArray(value)) return;
  for (const [i, glob] of value.entries()) {
    const trouble = typeof glob === "string" ? globTrouble(glob) : null;
    if (!trouble) continue;
    const message = `\`${path.at(-1)}[${i}]\` ${trouble}`;
    const hint =
      "write a path relative to the repository, with `/`, `*`, `**`, `?`, `[a-z]`, `{a,b}`";
    issues.add({ code: "BAD_GLOB", path: [...path, i], message, hint });
  }
}

function checkOptions(raw: Raw, path: Path, known: Known, issues: IssueList): void {
  checkGlobs(raw.touching, [...path, "touching"], issues);
  checkGlobs(raw.keep, [...path, "keep"], issues);
  checkRunner(raw.runner, [...path, "runner"], "value", known, issues);
  checkDuration(raw.timeout, [...path, "timeout"], issues);
  checkDuration(raw.silence, [...path, "silence"], issues);
  checkBudget(raw.budget, [...path, "budget"], issues);
  checkDuration(raw.fallbackAfter, [...path, "fallbackAfter"], issues);
  for (const [i, entry] of (Array.isArray(raw.fallback) ? raw.fallback : []).entries()) {
    const place: Path = [...path, "fallback", i, "runner"];
    checkRunner(asMap(entry).runner, place, "value", known, issues);
  }
  checkDuration(asMap(raw.verify).timeout, [...path, "verify", "timeout"], issues);
  checkResolverName(raw.resolver, [...path, "resolver", "runner"], known, issues);
  const retries = asMap(raw.retries);
  const backoff = checkDuration(retries.backoff, [...path, "retries", "backoff"], issues);
  const most = checkDuration(retries.maxBackoff, [...path, "retries", "maxBackoff"], issues);
  if (backoff !== null && most !== null && backoff > most) {
    const message = "`maxBackoff` is shorter than `backoff`";
    const hint = `raise it to at least \`${retries.backoff}\``;
    issues.add({ code: "BAD_VALUE", path: [...path, "retries", "maxBackoff"], message, hint });
  }
}

function checkBudget(value: unknown, path: Path, issues: IssueList): void {
  const budget = asMap(value);
  checkDuration(budget.time, [...path, "time"], issues);
  if (value !== budget || Object.keys(budget).length > 0) return;
  const hint = "write `budget: { usd: 5, tokens: 500000, time: 2h }`, or remove it";
  issues.add({ code: "BAD_VALUE", path, message: "`budget` has no limit", hint });
}

function checkDuration(value: unknown, path: Path, issues: IssueList): number | null {
  if (typeof value !== "string" || !durationPattern.test(value)) return null;
  const ms = parseDuration(value);
  if (ms !== null) return ms;
  const message = `\`${path.at(-1)}\` must be from 1ms to 24d, not \`${value}\``;
  issues.add({ code: "BAD_DURATION", path, message });
  return null;
}

function checkRunner(
  value: unknown,
  path: Path,
  at: "key" | "value",
  known: Known,
  issues: IssueList,
): void {
  const name = asText(value);
  if (name === undefined || known.runners.includes(name)) return;
  const names = known.runners.map((runner) => `\`${runner}\``).join(", ");
  const hint = didYouMean(name, known.runners, `there are: ${names}`);
  issues.add({ code: "UNKNOWN_RUNNER", path, at, message: `there is no runner \`${name}\``, hint });
}

function checkResolverName(value: unknown, path: Path, known: Known, issues: IssueList): void {
  const { runner } = asMap(value);
  checkRunner(runner, path, "value", known, issues);
  if (runner !== commandRunner) return;
  const message = `\`${commandRunner}\` runs commands and cannot resolve a conflict`;
  issues.add({ code: "WRONG_RUNNER", path, message, hint: "name a coding agent" });
}

function checkModels(root: Raw, known: Known, issues: IssueList): void {
  for (const runner of Object.keys(asMap(root.models))) {
    checkRunner(runner, ["models", runner], "key", known, issues);
  }
}

function checkWork({ raw, path, id }: Draft, issues: IssueList): void {
  const who = id === null ? "this task" : `task \`${id}\``;
  if (Object.hasOwn(raw, "run")) {
    if (Object.hasOwn(raw, "prompt")) {
      const message = `${who} has both \`run\` and \`prompt\``;
      const hint = "keep one: a command or a prompt";
      issues.add({ code: "TWO_KINDS", path: [...path, "run"], at: "key", message, hint });
    }
    const runner = asText(raw.runner);
    if (runner !== undefined && runner !== commandRunner) {
      const message = `${who} is a command, which \`${runner}\` cannot run`;
      const hint = "remove `runner`, or write `prompt` instead of `run`";
      issues.add({ code: "WRONG_RUNNER", path: [...path, "runner"], message, hint });
    }
  } else if (!Object.hasOwn(raw, "prompt") && !Object.hasOwn(raw, "description")) {
    const message = `${who} does not say what is to be done`;
    const hint = "add `prompt`, or `run` for a command";
    issues.add({ code: "NO_WORK", path, message, hint });
  }
}

/** A command cannot be given a conflict to resolve, so somebody else has to be named for that. */
function checkResolver({ raw, path, id }: Draft, root: Raw, issues: IssueList): void {
  const named = raw.resolver ?? asMap(root.defaults).resolver;
  if (!Object.hasOwn(raw, "run") || named !== undefined) return;
  const isOwn = Object.hasOwn(raw, "onConflict");
  if ((isOwn ? raw.onConflict : asMap(root.defaults).onConflict) !== "agent") return;
  const who = id === null ? "this task" : `task \`${id}\``;
  const message = `${who} is a command, which cannot resolve a conflict as \`onConflict: agent\` asks`;
  const hint = `write ${isOwn ? "" : "for it "}\`onConflict: retry\`, or name an agent: \`resolver: { runner: ${promptRunner} }\``;
  const place: Path = [...path, isOwn ? "onConflict" : "run"];
  issues.add({ code: "NO_RESOLVER", path: place, at: isOwn ? "value" : "key", message, hint });
}
