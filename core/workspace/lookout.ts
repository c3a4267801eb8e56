import { rm } from "node:fs/promises";
import { ClashFinder, type Progress } from "./clash.ts";
import { copyIndex } from "./durable.ts";
import { keeper } from "./identity.ts";
import { indexPath } from "./isolated.ts";
import { type MergeTools, quarantinedMerger } from "./merge.ts";
import { ObjectReader } from "./object-reader.ts";
import { requireFit } from "./result-size.ts";
import type { Site } from "./site.ts";
import { workTree } from "./snapshot.ts";
import { submodulesOf } from "./submodules.ts";
import type { Lookout, WorkspaceRequest } from "./workspace.ts";

/** Trees taken until their store is thrown away and begun anew, so that a long run does not fill the disk. */
const peeksMax = 1_000;

/** See `Repository.lookout`. */
export function makeLookout(site: Site, tools: MergeTools): Lookout {
  const finder = new ClashFinder(site.control);
  let bench = makeBench(tools);
  return {
    async look(tasks, tip) {
      if (bench.peeks > peeksMax) {
        await bench.quarantine.drop();
        bench = makeBench(tools);
      }
      // The tip may be a merge that nothing was made from yet.
      await site.quarantine.keep(tip);
      const progress: Progress[] = [];
      for (const request of tasks) {
        // Git would start itself in them, under the agent's configuration.
        if ((await submodulesOf(site, request.base)).size > 0) continue;
        const commit = await peek(site, bench, request).catch(() => null);
        if (commit !== null) progress.push({ task: request.task, base: request.base, commit });
      }
      const met = [tip, ...progress.flatMap(({ base, commit }) => [base, commit])];
      await using merger = quarantinedMerger(bench, met, async () => keeper);
      return await finder.find(merger, progress, tip);
    },
    async [Symbol.asyncDispose]() {
      await bench.quarantine.drop();
    },
  };
}

/** Tools whose store nobody keeps anything from. */
type Bench = MergeTools & { peeks: number };

function makeBench(tools: MergeTools): Bench {
  const objects = new ObjectReader(tools.control);
  return { ...tools, objects, quarantine: tools.quarantine.beside(objects), peeks: 0 };
}

/** Commit of the tree a workspace holds now; null when git gives up, as files change under its eyes. */
async function peek(site: Site, bench: Bench, request: WorkspaceRequest): Promise<string | null> {
  const path = site.layout.workspace(request);
  const index = `${indexPath(site, request)}.peek`;
  const { env, config } = await bench.quarantine.call();
  const place = workTree(path, index);
  const call = { ...place, config: config ?? {}, env: { ...place.env, ...env } };
  try {
    await copyIndex(indexPath(site, request), index);
    await requireFit(site.control, place, site.results);
    const added = await site.control.attempt(["add", "-A", "--", "."], call);
    if (added.code !== 0) return null;
    const tree = (await site.control.run(["write-tree"], call)).trim();
    const base = await bench.objects.commit(request.base);
    if (tree === base.tree) return base.id;
    bench.peeks += 1;
    // The date of the base: the same tree gives the same commit, which is looked at once.
    const { date } = base;
    const message = "a look at a task at work";
    return await bench.quarantine.commit({ tree, parents: [base.id], who: keeper, date, message });
  } finally {
    await rm(index, { force: true });
    await rm(`${index}.lock`, { force: true });
  }
}
