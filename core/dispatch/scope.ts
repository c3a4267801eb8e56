import { type Claim, matches } from "../plan/claim.ts";
import { plainGlobs } from "../plan/plain-glob.ts";
import type { Task } from "../plan/plan.ts";
import type { Scope } from "../plugin/scope.ts";
import type { Finding } from "../run/model.ts";
import type { ChangedPath } from "../workspace/workspace.ts";
import type { Assignment } from "./assignment.ts";
import type { TakenPath } from "./claim-extension.ts";

/**
 * What a task changed outside its `touching`, judged by its `scope`: `warn` tells, `block` refuses, `extend` makes the
 * paths part of its claim and refuses when another task or run claims one. A task that claims nothing has no scope.
 */
export async function checkScope(input: {
  readonly task: Task;
  readonly claim: Claim;
  readonly changes: readonly ChangedPath[];
  /** Claims the paths for the task; gives those that others claim, and claims nothing then. */
  readonly extend: (paths: readonly string[]) => Promise<readonly TakenPath[]>;
}): Promise<Finding | null> {
  const { task, claim } = input;
  if (task.touching.length === 0) return null;
  const outside = input.changes.map(({ path }) => path).filter((path) => !matches(claim, path));
  if (outside.length === 0) return null;
  if (task.scope !== "extend") {
    const severity = task.scope === "block" ? "block" : "warn";
    return finding(severity, "changed paths outside its scope", outside);
  }
  const taken = await input.extend(outside);
  if (taken.length === 0) return finding("note", "its claim grew by", outside);
  const named = taken.map(({ path, by }) => `${path} (${by})`);
  return {
    ...finding("block", "changed paths that others claim", named),
    paths: taken.map(({ path }) => path),
  };
}

/** What an agent is to be kept to by its own means, before `checkScope` looks; null where it may change anything. */
export function scopeOf(
  { task, isolation, resolves }: Assignment,
  claim: Claim,
  shared: readonly string[],
): Scope | null {
  // The answer to a conflict may touch what others claim, and is looked at in a way of its own.
  if (task.scope !== "block" || task.touching.length === 0 || isolation === "none" || resolves) {
    return null;
  }
  const named = task.touching.filter((glob) => !glob.startsWith("!"));
  const claimed = [...(named.length === 0 ? ["**"] : named), ...shared].flatMap(plainGlobs);
  return { claimed, covers: (path) => matches(claim, path) };
}

function finding(severity: Finding["severity"], what: string, paths: readonly string[]): Finding {
  return { check: "scope", severity, message: `${what}: ${listed(paths)}`, paths };
}

/** The first five of some paths, and how many more there are. */
export function listed(paths: readonly string[]): string {
  const more = paths.length > 5 ? ` and ${paths.length - 5} more` : "";
  return `${paths.slice(0, 5).join(", ")}${more}`;
}
