import { resolve } from "node:path";
import { loadPlan } from "../core/plan/load.ts";
import type { Plan } from "../core/plan/plan.ts";
import { type Config, type ConfigRequest, knownOf, loadConfig } from "./config.ts";
import { readPlanFile } from "./plan-file.ts";
import { runnerNames } from "./runner-names.ts";
import { InvalidFile } from "./view/problem.ts";

/** A plan that is valid, and what it was read from. */
export interface OpenPlan {
  readonly plan: Plan;
  readonly text: string;
  /** Absolute; null for standard input. */
  readonly path: string | null;
  readonly config: Config;
}

/** Reads config and plan. `-` is standard input. Throws `InvalidFile` or `RaError`, both exit code 2. */
export async function openPlan(
  path: string,
  from: {
    readonly cwd: string;
    readonly root: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly flags?: ConfigRequest["flags"];
    readonly stdin?: ReadableStream<Uint8Array>;
  },
): Promise<OpenPlan> {
  const { cwd, root, env, flags } = from;
  const config = await loadConfig({
    root,
    env,
    runners: runnerNames,
    ...(flags ? { flags } : {}),
  });
  const file = path === "-" ? "standard input" : path;
  const text = await readPlanFile(path, from);
  if (!text.ok) throw new InvalidFile("PLAN_INVALID", [{ file, text: null, issues: text.error }]);
  const plan = loadPlan(text.value, knownOf(config, runnerNames));
  if (!plan.ok) {
    throw new InvalidFile("PLAN_INVALID", [{ file, text: text.value, issues: plan.error }]);
  }
  const absolute = path === "-" ? null : resolve(cwd, path);
  return { plan: plan.value, text: text.value, path: absolute, config };
}
