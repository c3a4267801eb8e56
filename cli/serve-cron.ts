import { didYouMean } from "../core/nearest.ts";
import { asMap } from "../core/plan/draft.ts";
import { parseDuration } from "../core/plan/duration.ts";
import type { IssueList } from "../core/plan/source.ts";
import { Timetable } from "../core/queue/timetable.ts";
import type { CronInput } from "./schedule-schema.ts";
import { misfit, type NamedPlan, type Schedule } from "./serve-config.ts";

/** How late a run may start where a schedule does not say, in milliseconds. */
const lateDefaultMs = 5 * 60_000;

/**
 * Reads `serve.cron`. What could not run at its time becomes an issue now: a plan that there is not, a parameter that does not
 * fit, a time that never comes. What is not of the right shape is passed over: it has its issue.
 */
export function cronSettings(
  input: CronInput | undefined,
  plans: Readonly<Record<string, NamedPlan>>,
  issues: IssueList,
): readonly Schedule[] {
  return Object.entries(asMap(input) as CronInput).map(([name, given]) => {
    const { plan, params = {}, at, timeZone = null, late } = asMap(given) as typeof given;
    const path = ["serve", "cron", name];
    const schedule = { name, plan, params, at, timeZone };
    checkTime(schedule, path, issues);
    checkPlan(schedule, plans, path, issues);
    const lateMs = late === undefined ? lateDefaultMs : parseDuration(String(late));
    if (lateMs === null) {
      const message = `\`late\` must be from 1ms to 24d, not \`${late}\``;
      issues.add({ code: "BAD_DURATION", path: [...path, "late"], message });
    }
    return { ...schedule, lateMs: lateMs ?? lateDefaultMs };
  });
}

type Part = Omit<Schedule, "lateMs">;

function checkTime({ at, timeZone }: Part, path: readonly string[], issues: IssueList): void {
  if (typeof at !== "string" || (timeZone !== null && typeof timeZone !== "string")) return;
  const wrong = (key: string, message: string): void =>
    issues.add({ code: "BAD_VALUE", path: [...path, key], message: `\`${key}\` must ${message}` });
  try {
    // Any time will do: either it comes again and again, or never.
    if (new Timetable({ at, timeZone }).next(0) === null) wrong("at", "be a time that comes");
  } catch (error) {
    const { message } = error as RangeError;
    wrong(message.startsWith("be a time zone") ? "timeZone" : "at", message);
  }
}

function checkPlan(
  { plan: name, params }: Part,
  plans: Readonly<Record<string, NamedPlan>>,
  path: readonly string[],
  issues: IssueList,
): void {
  if (typeof name !== "string") return;
  const plan = Object.hasOwn(plans, name) ? plans[name] : undefined;
  if (plan === undefined) {
    const message = `there is no plan \`${name}\` in \`serve.plans\``;
    const hint = didYouMean(name, Object.keys(plans), "name one there");
    issues.add({ code: "PLAN_UNKNOWN", path: [...path, "plan"], message, hint });
    return;
  }
  for (const [key, value] of Object.entries(asMap(params))) {
    const parameter = Object.hasOwn(plan.params, key) ? plan.params[key] : undefined;
    const wrong = parameter === undefined ? null : misfit(parameter, value);
    const message =
      parameter === undefined
        ? `the plan \`${name}\` has no parameter \`${key}\``
        : `\`${key}\` must ${wrong}`;
    if (parameter === undefined || wrong !== null)
      issues.add({ code: "BAD_PARAMETER", path: [...path, "params", key], message });
  }
  for (const [key, { fallback }] of Object.entries(plan.params)) {
    if (fallback !== undefined || Object.hasOwn(asMap(params), key)) continue;
    const message = `the parameter \`${key}\` of the plan \`${name}\` is missing`;
    issues.add({ code: "BAD_PARAMETER", path: [...path], message });
  }
}
