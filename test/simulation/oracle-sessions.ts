import type { Event } from "../../core/run/event.ts";
import type { Outside } from "./outside.ts";
import { carriedMessage } from "./past.ts";
import { difference } from "./store.ts";

/**
 * INV-1 for attempts that go on from what an earlier one left: what is kept of them is one change of what had landed, and holds
 * what they found as far as they did not write it themselves.
 */
export function judgeSessions(world: Outside, log: readonly Event[]): string[] {
  const { store, starts } = world;
  const bases = new Map(
    starts.map(({ run, task, attempt, base }) => [`${run}/${task}/${attempt}`, base]),
  );
  return log.flatMap((event) => {
    if (event.type !== "attempt.finished" || event.kept === null) return [];
    const name = `${event.run}/${event.task}/${event.attempt}`;
    const base = bases.get(name) ?? null;
    const [kept, begun] = [store.commits.get(event.kept), store.commits.get(base ?? "")];
    if (kept === undefined || begun?.message !== carriedMessage) return [];
    const wrong: string[] = [];
    if (kept.parent !== begun.parent) wrong.push(`INV-1: ${name} is kept without what it found`);
    const [found, left] = [store.filesOf(begun.id), store.filesOf(kept.id)];
    for (const { path } of difference(store.filesOf(begun.parent as string), found)) {
      const text = left.get(path);
      const isOwn = text?.startsWith(`${name}:`) ?? false;
      const counts = path.startsWith(`${world.claimDir(event.task)}/`) && !path.endsWith("/broken");
      if (counts && text !== found.get(path) && !isOwn)
        wrong.push(`INV-1: ${name} lost ${path} of what it found`);
    }
    return wrong;
  });
}
