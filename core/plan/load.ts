import type { Result } from "../result.ts";
import { asMap } from "./draft.ts";
import type { Known } from "./known.ts";
import { isDispatch, readDispatch } from "./legacy.ts";
import { parseText } from "./parse.ts";
import type { Issue, Plan } from "./plan.ts";
import { validatePlan } from "./validate.ts";

/** Reads a plan or a dispatch file, YAML or JSON: the plan with every default filled in, or all its issues by place. */
export function loadPlan(text: string, known: Known): Result<Plan, readonly Issue[]> {
  const source = parseText(text, "PLAN");
  if (!source.ok) return source;
  return isDispatch(asMap(source.value.value))
    ? readDispatch(source.value, known)
    : validatePlan(source.value, known);
}
