import { dirname } from "node:path";
import type { RunOwner } from "../id.ts";
import { endGroup, isGroupOf, members, staleGroups } from "./cgroup.ts";
import { fullMark, shimWord } from "./custody.ts";
import { argumentsOf, isAlive, listProcesses, marksOf, ownerMark } from "./table.ts";
import { gitGraceMs, killMs, type Survivor, sweep } from "./tree.ts";

/** What a dead `ra` left running. */
export interface Orphans {
  /** How many processes were found. */
  readonly found: number;
  /** Those that would not end. */
  readonly survivors: readonly Survivor[];
}

/**
 * Ends whatever dead `ra` left running: their cgroups, what carries their marks or one of `marks`, and what their shims
 * hold, which end by themselves. Groups of other dead `ra` beside theirs go, too. An owner that is alive keeps what it has.
 */
export async function endOrphans(
  owners: readonly RunOwner[],
  marks: readonly string[],
  graceMs: number,
): Promise<Orphans> {
  const ended = [];
  const dead = owners.filter((owner) => !isAlive(owner));
  const deadMarks = new Set(dead.map(ownerMark));
  const all = new Set([...marks.map(fullMark), ...deadMarks]);
  for (const group of new Set(dead.flatMap(groupsOf))) {
    const found = members(group).length;
    ended.push({ found, survivors: await endGroup(group, graceMs, gitGraceMs) });
  }
  const rows = listProcesses() ?? [];
  const marked = rows.filter(({ pid }) => marksOf(pid).some((mark) => all.has(mark))).length;
  if (marked > 0) {
    await sweep(new Set(marks.map(fullMark)), graceMs);
    ended.push({ found: marked, survivors: await sweep(all, gitGraceMs) });
  }
  await untilShimsEnded(new Set(owners.map(ownerMark)), graceMs + killMs);
  const survivors = ended.flatMap((one) => one.survivors);
  return { found: ended.reduce((sum, { found }) => sum + found, 0), survivors };
}

/** A path comes from the log: only a group with exactly the name of the dead is ended. */
function groupsOf({ cgroup, ...dead }: RunOwner): string[] {
  if (cgroup === undefined || !isGroupOf(cgroup, dead)) return [];
  return [...new Set([cgroup, ...staleGroups(dirname(cgroup))])];
}

/** What a shim holds may have thrown its mark away, and may still write where its work is looked at next. */
async function untilShimsEnded(owners: ReadonlySet<string>, forMs: number): Promise<void> {
  const deadline = performance.now() + forMs;
  const some = (): boolean =>
    (listProcesses() ?? []).some(({ pid }) => {
      const words = argumentsOf(pid);
      const at = words.indexOf(shimWord);
      return at > 0 && owners.has(words[at + 1] ?? "");
    });
  while (some() && performance.now() < deadline) await Bun.sleep(20);
}
