import type { Identity } from "./identity.ts";
import { type MergeTools, quarantinedMerger } from "./merge.ts";
import type { Site } from "./site.ts";

/** By this message the commit is known again after a crash: nothing else need have been recorded by then. */
const message = "ra: what an earlier attempt left, on what has landed";

/** See `Repository.carried`. */
export async function carried(
  tools: MergeTools,
  author: () => Promise<Identity>,
  { tip, kept }: { readonly tip: string; readonly kept: string },
): Promise<string | null> {
  const [facts, onto] = await tools.objects.commits(kept, tip);
  const base = facts?.parents[0];
  if (base === undefined) return null;
  await using merger = quarantinedMerger(tools, [base, tip, kept], author);
  const merge = await merger.merge({ base, ours: tip, theirs: kept });
  if (merge.kind === "conflict") return null;
  if (merge.tree === onto?.tree) return tip;
  return await merger.commit({ tree: merge.tree, parent: tip, message });
}

/** See `GitRepository.carriedOnto`. */
export async function carriedOnto(site: Site, commit: string): Promise<string | null> {
  const args = ["log", "-1", "--no-show-signature", "--format=%P%n%s", commit, "--"];
  const [parents = "", subject] = (await site.control.run(args)).split("\n");
  return subject === message ? parents : null;
}
