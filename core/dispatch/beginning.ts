import { type Claim, matches } from "../plan/claim.ts";
import type { Repository } from "../workspace/workspace.ts";
import type { Assignment } from "./assignment.ts";
import type { AttemptEnd } from "./attempt.ts";
import type { Matter } from "./briefing.ts";
import { carryOn, type Start } from "./carry.ts";
import { resolve } from "./resolution.ts";
import type { Going } from "./sessions.ts";

/** Runs the programs of an attempt from a start. */
type Attempt = (start: Start, matter: Pick<Matter, "conflict" | "carried">) => Promise<AttemptEnd>;

/**
 * Decides where an attempt starts and what it is about: the task on what has landed, the same with what an earlier attempt
 * left, or the conflict of the last result. The end is that of an attempt that started on `tip`. Throws `RaError` when git
 * fails.
 */
export async function beginAttempt(
  input: {
    readonly run: string;
    readonly assignment: Assignment;
    /** Null outside git. */
    readonly repository: Repository | null;
    /** Null where the attempt has no workspace of git's. */
    readonly tip: string | null;
    readonly claim: Claim;
    readonly going: Going | null;
  },
  attempt: Attempt,
): Promise<AttemptEnd> {
  const { run, assignment, repository, tip, claim, going } = input;
  const { task, number, clash, resolves, isolation } = assignment;
  const afresh = { base: tip, onto: null };
  if (tip === null || repository === null)
    return attempt(afresh, { conflict: null, carried: null });
  const ref = `refs/ra/${run}/${task.id}/${number}`;
  if (resolves && clash !== null) {
    const labels = { ours: `landed/${landedLabel(clash.with)}`, theirs: `task/${task.id}` };
    const covers = (path: string): boolean => matches(claim, path);
    return resolve({ repository, ref, clash, tip, covers }, labels, (base, conflict) =>
      attempt({ base, onto: null }, { conflict, carried: null }),
    );
  }
  const kept = going?.kept ?? null;
  if (kept === null) return attempt(afresh, { conflict: null, carried: null });
  // The user's checkout gets nothing that has not landed.
  if (isolation === "in-place") return attempt(afresh, { conflict: null, carried: "gone" });
  return carryOn({ repository, tip, kept, ref }, ({ carried, ...start }) =>
    attempt(start, { conflict: null, carried }),
  );
}

/** Ids that conflict markers name: enough to know what landed. */
const labelIdsMax = 3;

function landedLabel(ids: readonly string[]): string {
  return ids.length === 0 ? "work" : ids.slice(0, labelIdsMax).join(",");
}
