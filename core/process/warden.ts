import type { ProcessIdentity } from "../id.ts";
import { endGroup, isGroupOf, removeGroup } from "./cgroup.ts";
import { isAlive, ownerMark } from "./table.ts";
import { gitGraceMs, sweep } from "./tree.ts";

/** How long what a dead `ra` left has between TERM and KILL, in milliseconds. */
const graceMs = 2_000;

/** How often a live `ra` that has closed the pipe is looked at, in milliseconds. */
const lookMs = 50;

/** What a warden is told on its standard input, in the first line. */
interface Ward {
  readonly owner: ProcessIdentity;
  readonly cgroup: string | null;
}

/**
 * Waits for the death of the `ra` that started it, which closes its standard input, and ends whatever that left: its
 * cgroup, and everything that carries its mark. After the word `bye` there is nothing to do.
 */
export async function runWarden(): Promise<void> {
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(name, () => {});
  const text = await Bun.stdin.text();
  const [first = "", farewell] = text.split("\n");
  // Without a whole line `ra` died before it had started anything.
  if (farewell === undefined || farewell === "bye") return;
  const { owner, cgroup } = JSON.parse(first) as Ward;
  // A closed pipe alone is no proof.
  while (isAlive(owner)) await Bun.sleep(lookMs);
  if (cgroup !== null && isGroupOf(cgroup, owner)) await endGroup(cgroup, graceMs, gitGraceMs);
  await sweep(ownerMark(owner), gitGraceMs);
  if (cgroup !== null && isGroupOf(cgroup, owner)) removeGroup(cgroup);
}
