import type { Merger, Repository } from "../workspace/workspace.ts";
import { commitMessage, type Result } from "./result.ts";

/** A result as a commit on top of those below it. */
export interface Layer {
  readonly result: Result;
  readonly commit: string;
}

/** What became of results that were merged one on top of the other. */
export interface Stack {
  /** Those that merged and changed something, lowest first. */
  readonly layers: readonly Layer[];
  /** `below`: how many layers they were merged on. */
  readonly conflicts: readonly {
    readonly result: Result;
    readonly paths: readonly string[];
    readonly below: number;
  }[];
  /** Those that add nothing to what is below them. */
  readonly empty: readonly { readonly result: Result; readonly below: number }[];
  /** Those that could not be merged for another reason. */
  readonly broken: readonly { readonly result: Result; readonly error: unknown }[];
}

/**
 * Merges results onto a commit in the order given, each from its recorded base. One that does not merge is left out.
 * Nothing is kept yet.
 */
export async function stackUp(input: {
  readonly repository: Repository;
  readonly run: string;
  readonly onto: string;
  readonly results: readonly Result[];
}): Promise<Stack> {
  const { repository, run, onto, results } = input;
  const layers: Layer[] = [];
  const conflicts: { result: Result; paths: readonly string[]; below: number }[] = [];
  const empty: { result: Result; below: number }[] = [];
  const broken: { result: Result; error: unknown }[] = [];
  await using merger = repository.merger(results.flatMap(({ base, commit }) => [base, commit]));
  let tip = onto;
  for (const result of results) {
    try {
      const merged = await layer(repository, merger, { run, tip, result });
      const below = layers.length;
      if (typeof merged !== "string") conflicts.push({ result, paths: merged.paths, below });
      else if (merged === tip) empty.push({ result, below });
      else {
        layers.push({ result, commit: merged });
        tip = merged;
      }
    } catch (error) {
      broken.push({ result, error });
    }
  }
  return { layers, conflicts, empty, broken };
}

/** The first of the results that did not merge, and why; null when all did. */
export function complaintOf({ conflicts, broken }: Stack): string | null {
  const [conflict, fault] = [conflicts[0], broken[0]];
  if (conflict) {
    return `${conflict.result.task.id} conflicts with it in ${conflict.paths.join(", ")}`;
  }
  if (!fault) return null;
  const { error, result } = fault;
  const message = error instanceof Error ? error.message : String(error);
  return `${result.task.id} cannot be merged with it: ${message}`;
}

/** The commit of a result on top of `tip`; `tip` itself when it adds nothing. */
async function layer(
  repository: Repository,
  merger: Merger,
  { run, tip, result }: { run: string; tip: string; result: Result },
): Promise<string | { readonly paths: readonly string[] }> {
  const merge = await merger.merge({ base: result.base, ours: tip, theirs: result.commit });
  if (merge.kind === "conflict") return { paths: merge.paths };
  if (merge.tree === (await repository.tree(tip))) return tip;
  return merger.commit({ tree: merge.tree, parent: tip, message: commitMessage(run, result) });
}
