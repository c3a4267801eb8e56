import { statSync } from "node:fs";
import type { Plan } from "../core/plan/plan.ts";
import { secretValues } from "../core/secret/name.ts";
import { createRedactor, type Redactor } from "../core/secret/redactor.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** A crash knows neither plan nor config, so what a run knows is kept for it. */
let known: Redactor | null | undefined;

/**
 * The redactor of a run: for the secrets in `ra`'s own environment and in what the plan sets, by the looks of their
 * names or because `named` holds them. From now on a crash uses it, too.
 */
export function knowSecrets(
  env: Variables,
  named: readonly string[],
  plan: Pick<Plan, "tasks">,
): Redactor | null {
  const sources = [env, ...plan.tasks.map((task) => task.env)];
  const values = sources.flatMap((variables) => secretValues(variables, { named, isPath }));
  known = createRedactor([...new Set(values)]);
  return known;
}

/** The newest redactor of this process; without one, that for its environment. */
export function secretsOfCrash(env: Variables): Redactor | null {
  return known === undefined ? knowSecrets(env, [], { tasks: [] }) : known;
}

/** `GOOGLE_APPLICATION_CREDENTIALS` and its like name a file: hiding its path would only make output hard to read. */
function isPath(value: string): boolean {
  if (!value.startsWith("/")) return false;
  try {
    return statSync(value).isFile() || statSync(value).isDirectory();
  } catch {
    return false;
  }
}
