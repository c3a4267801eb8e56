import { createHash } from "node:crypto";
import type { Task } from "../plan/plan.ts";
import type { Fact } from "../run/event.ts";
import { passKey } from "../run/state.ts";
import type { Verify } from "./trial.ts";

/** What decides whether a check that passed has to be run again. */
export interface KnownChecks {
  /** When each check passed, by `passKey`; null: all are run again. */
  readonly passed: ReadonlyMap<string, string> | null;
  readonly tree: (commit: string) => Promise<string>;
  /** Records a pass. */
  readonly record: (fact: Fact) => void;
  /** Called with words for a person for each check that is not run. */
  readonly onKnown?: (words: string) => void;
}

/**
 * Runs no check a second time on a tree that passed it: a tree holds everything that a check sees of the work. A
 * failure is never taken for granted, as what it wanted may be there by now.
 */
export function onceOnly(verify: Verify, known: KnownChecks): Verify {
  const { passed } = known;
  return async (command, commit, result) => {
    const tree = await known.tree(commit);
    const check = definition(command, result.task);
    const at = passed?.get(passKey(tree, check));
    if (at !== undefined) {
      const words = `\`${command}\` passed on this very tree at ${at} and was not run again`;
      known.onKnown?.(words);
      return { complaint: null, notes: [words] };
    }
    const verdict = await verify(command, commit, result);
    if (verdict.complaint === null) known.record({ type: "check.passed", tree, check });
    return verdict;
  };
}

/** All of a check that the plan sets: a change of any part of it makes it another check. */
function definition(command: string, { env, verifyLimits }: Task): string {
  const { timeoutMs, tries } = verifyLimits;
  const variables = Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([command, timeoutMs, tries, variables]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
