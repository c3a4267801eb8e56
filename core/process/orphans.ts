import { dirname } from "node:path";
import type { RunOwner } from "../id.ts";
import { endGroup, isGroupOf, members, staleGroups } from "./cgroup.ts";
import { fullMark, shimWord } from "./custody.ts";
import {
  argumentsOf,
  isAlive,
  listProcesses,
  marksOf,
  ownerMark,
  type ProcessRow,
  readProcess,
} from "./table.ts";
import { gitGraceMs, killMs, type Survivor, sweep } from "./tree.ts";

/** What a dead `ra` left running. */
export interface Orphans {
  /** What was found of theirs, and told to end. */
  readonly found: readonly Pick<ProcessRow, "pid" | "name">[];
  /** Those that would not end. */
  readonly survivors: readonly Survivor[];
}

/**
 * Ends whatever dead `ra` left running: their cgroups, what carries their marks or one of `marks`, and what their shims
 * hold, which end by themselves. Groups of other dead `ra` beside theirs go, too, and are not told of. An owner that is alive keeps what it has.
 */
export async function endOrphans(
  owners: readonly RunOwner[],
  marks: readonly string[],
  graceMs: number,
): Promise<Orphans> {
  const dead = owners.filter((owner) => !isAlive(owner));
  const found = [];
  const survivors = [];
  for (const group of dead.flatMap(groupOf)) {
    found.push(...members(group).flatMap(named));
    survivors.push(...(await endGroup(group, graceMs, gitGraceMs)));
  }
  // Of whatever run: their warden may be dead as well, or just about it.
  const beside = new Set(dead.flatMap(groupOf).map((group) => dirname(group)));
  for (const group of [...beside].flatMap(staleGroups)) await endGroup(group, graceMs, gitGraceMs);
  const all = new Set([...marks.map(fullMark), ...dead.map(ownerMark)]);
  const rows = listProcesses() ?? [];
  const marked = rows.filter(({ pid }) => marksOf(pid).some((mark) => all.has(mark)));
  if (marked.length > 0) {
    found.push(...marked);
    await sweep(new Set(marks.map(fullMark)), graceMs);
    survivors.push(...(await sweep(all, gitGraceMs)));
  }
  await untilShimsEnded(new Set(owners.map(ownerMark)), graceMs + killMs);
  return { found, survivors };
}

/** A path comes from the log: only a group with exactly the name of the dead is ended. */
function groupOf({ cgroup, ...dead }: RunOwner): string[] {
  return cgroup !== undefined && isGroupOf(cgroup, dead) ? [cgroup] : [];
}

function named(pid: number): ProcessRow[] {
  const row = readProcess(pid);
  return row === null ? [] : [row];
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
