import { basename } from "node:path";
import type { Job } from "./runner.ts";
import { ignoredIn } from "./scope.ts";

/**
 * The rules of Kilo and of OpenCode for a job with a scope, as variables of the given names: their tools for files may write
 * what it claims, what git ignores and the attempt's own directory. The last rule that fits decides; in these `*` reaches over
 * directories. What a command writes they do not see.
 */
export function stepRules(job: Job, ...names: readonly string[]): Readonly<Record<string, string>> {
  if (job.scope === null) return {};
  const free = [...job.scope.claimed, ...ignoredIn(job.cwd)].map((pattern) =>
    pattern.replaceAll("**/", "*").replaceAll("**", "*"),
  );
  const allowed = [...free, `*/${basename(job.scratch)}/*`].map((pattern) => [pattern, "allow"]);
  const rules = JSON.stringify({ edit: { "*": "deny", ...Object.fromEntries(allowed) } });
  return Object.fromEntries(names.map((name) => [name, rules]));
}
