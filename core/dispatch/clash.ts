import type { Work } from "../plan/plan.ts";
import type { Resolves } from "../run/model.ts";

/** A result that did not merge: the attempt that left it, the paths, whom it met, and the commits to merge again. */
export interface Clash extends Resolves {
  /** The commit the result is to be merged from. */
  readonly base: string;
  /** The result, on `base`. */
  readonly commit: string;
}

/** A conflict in words: with whom, and in which paths. */
export function clashMessage(clash: Pick<Clash, "paths" | "with">): string {
  const who = clash.with.length > 0 ? ` with ${clash.with.join(", ")}` : "";
  return `conflict${who} in ${clash.paths.join(", ")}`;
}

/** What a task was asked to do. */
export interface Asked {
  readonly id: string;
  readonly work: Work;
}
