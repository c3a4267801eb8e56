import { type Claim, matches } from "../plan/claim.ts";
import type { Task } from "../plan/plan.ts";
import type { Finding } from "../run/model.ts";
import type { ChangedPath } from "../workspace/workspace.ts";

/**
 * What a task changed outside its `touching`, judged by its `scope`: `warn` tells, `block` refuses, `extend` refuses
 * only what another task or run claims. A task that claims nothing has no scope.
 */
export function checkScope(input: {
  readonly task: Task;
  readonly claim: Claim;
  readonly changes: readonly ChangedPath[];
  /** Claims of everybody else at work. */
  readonly others: readonly Claim[];
}): Finding | null {
  const { task, claim, others } = input;
  if (task.touching.length === 0) return null;
  const outside = input.changes.map(({ path }) => path).filter((path) => !matches(claim, path));
  if (outside.length === 0) return null;
  if (task.scope === "extend") {
    const taken = outside.filter((path) => others.some((other) => matches(other, path)));
    return taken.length === 0
      ? finding("note", "its claim grew by", outside)
      : finding("block", "changed paths that others claim", taken);
  }
  const severity = task.scope === "block" ? "block" : "warn";
  return finding(severity, "changed paths outside its scope", outside);
}

function finding(severity: Finding["severity"], what: string, paths: readonly string[]): Finding {
  const shown = paths.slice(0, 5).join(", ");
  const more = paths.length > 5 ? ` and ${paths.length - 5} more` : "";
  return { check: "scope", severity, message: `${what}: ${shown}${more}`, paths };
}
