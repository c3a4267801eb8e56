import type { Result } from "./result.ts";
import type { Layer } from "./stack.ts";
import type { Verdict } from "./verify.ts";

/** Runs a check command on a commit in a throw-away checkout. */
export type Verify = (command: string, commit: string, result: Result) => Promise<Verdict>;

/** How a stack of results stood its checks. */
export interface Trial {
  /** How many results, from the bottom, may land together. */
  readonly passed: number;
  /** Why the result above those may not; null when all passed. */
  readonly complaint: string | null;
  readonly notes: readonly string[];
  /** How many trees were checked. */
  readonly checks: number;
}

/**
 * Checks a stack of results together and, when that fails, finds the lowest result with which the checks fail, by
 * halving: of n results with one culprit about log2(n) + 1 trees are checked and not n. A result with its tree is
 * charged with every check of those below it, for it is what made them fail.
 */
export async function tryStack(layers: readonly Layer[], verify: Verify): Promise<Trial> {
  let checks = 0;
  const check = async (height: number): Promise<Verdict> => {
    const verdict = await checkTop(layers.slice(0, height), verify);
    if (verdict !== null) checks += 1;
    return verdict ?? { complaint: null, notes: [] };
  };
  const whole = await check(layers.length);
  if (whole.complaint === null) {
    return { passed: layers.length, complaint: null, notes: whole.notes, checks };
  }
  let [passed, failed] = [0, layers.length];
  let [good, bad]: [readonly string[], Verdict] = [[], whole];
  while (failed - passed > 1) {
    const middle = Math.floor((passed + failed) / 2);
    const verdict = await check(middle);
    if (verdict.complaint === null) [passed, good] = [middle, verdict.notes];
    else [failed, bad] = [middle, verdict];
  }
  return { passed, complaint: bad.complaint, notes: good, checks };
}

/** Runs each check command of a stack once on its top. Null when there is none to run. */
export async function checkTop(layers: readonly Layer[], verify: Verify): Promise<Verdict | null> {
  const top = layers.at(-1);
  if (!top) return null;
  // Of tasks with one command the last runs it: its environment is the newest.
  const last = new Map<string, Result>();
  for (const { result } of layers) {
    if (result.task.verify !== null) last.set(result.task.verify, result);
  }
  if (last.size === 0) return null;
  const notes: string[] = [];
  for (const [command, result] of last) {
    const verdict = await verify(command, top.commit, result);
    if (verdict.complaint !== null) return verdict;
    notes.push(...verdict.notes);
  }
  return { complaint: null, notes };
}
