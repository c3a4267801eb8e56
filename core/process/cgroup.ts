import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import type { ProcessIdentity } from "../id.ts";
import { limits } from "../limits.ts";
import { machineKey } from "./machine-key.ts";
import { signalProcess } from "./signal.ts";
import { isAlive, processIdentity, readProcess } from "./table.ts";
import { killMs, type Survivor, wait } from "./tree.ts";

/** The subgroup of the short programs of `ra` itself, such as git. */
export const ownName = "own";

/** The file that holds the most processes and threads of a group; absent where the groups above keep the controller. */
export const pidsFile = "pids.max";

/** What the kernel says of a directory in a cgroup v2 tree. */
const cgroupMagic = 0x63677270;

/** The groups of `ra` by name: where its process id counts, its process id, its start. */
const namePattern = /^ra-([0-9a-f]{12})-([1-9][0-9]*)-([0-9]+)$/;

/** The name of the group of one `ra`. No two have the same, on whatever machine or in whatever container. */
export function groupName({ pid, startTicks }: ProcessIdentity): string {
  return `ra-${machineKey()}-${pid}-${startTicks ?? 0}`;
}

/** The `ra` whose group this is; null when the group is not one of an `ra` that this process can judge. */
export function groupOwner(directory: string): ProcessIdentity | null {
  const [, machine, pid, startTicks] = namePattern.exec(basename(directory)) ?? [];
  if (machine !== machineKey()) return null;
  return { pid: Number(pid), startTicks: Number(startTicks) };
}

/** Makes the group of this process below a directory that `probeCgroup` found. Throws what the system throws. */
export function makeGroup(below: string): string {
  const directory = join(below, groupName(processIdentity(process.pid)));
  mkdirSync(directory);
  // Only where the groups above pass the controller on, which is not ours to change.
  tryWrite(join(directory, "cgroup.subtree_control"), "+pids");
  return directory;
}

/**
 * Makes a group below that of this process, for one program and all that it starts, `processesMax` at a time. Throws what
 * the system throws.
 */
export function makeSubgroup(
  group: string,
  name: string,
  processesMax: number = limits.processes,
): string {
  const directory = join(group, name.replace(/[^A-Za-z0-9._-]/g, "_").slice(-200));
  mkdirSync(directory);
  const limit = join(directory, pidsFile);
  if (existsSync(limit)) tryWrite(limit, String(processesMax));
  return directory;
}

/** Removes a group and those below it. False when something is still in one. */
export function removeGroup(directory: string): boolean {
  try {
    // Nearly always there is nothing below.
    rmdirSync(directory);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return true;
  }
  const below = groupsBelow(directory);
  if (below.length === 0 || !below.map(removeGroup).every(Boolean)) return false;
  try {
    rmdirSync(directory);
    return true;
  } catch {
    return false;
  }
}

/**
 * Ends whatever is in a group or below it, and removes it: TERM to each process, and after `graceMs` the kernel kills
 * the group as a whole, so that no fork gets away; what is in the subgroup `own` has `ownGraceMs`. Returns what still
 * runs after 5 s more.
 */
export async function endGroup(
  directory: string,
  graceMs: number,
  ownGraceMs = graceMs,
): Promise<readonly Survivor[]> {
  if (removeGroup(directory)) return [];
  const left = (): number[] => (isPopulated(directory) ? members(directory) : []);
  const populated = (): true[] => (isPopulated(directory) ? [true] : []);
  for (const pid of left()) terminate(pid, directory);
  await wait(populated, graceMs, 5, 50);
  for (const group of ownGraceMs > graceMs ? groupsBelow(directory) : []) {
    if (basename(group) !== ownName) killGroup(group);
  }
  await wait(populated, ownGraceMs - graceMs, 5, 50);
  const again = (): boolean[] => {
    if (!isPopulated(directory)) return [];
    killGroup(directory);
    return [true];
  };
  if (again().length > 0) await wait(again, killMs, 2, 50);
  removeGroup(directory);
  return left().flatMap((pid) => {
    const row = readProcess(pid);
    return row === null ? [] : [{ pid, name: row.name }];
  });
}

/** The groups of dead `ra` beside or at a directory, as far as they are told apart from everybody else's. */
export function staleGroups(beside: string): string[] {
  if (!isCgroup(beside)) return [];
  return groupsBelow(beside).filter((directory) => {
    const owner = groupOwner(directory);
    return owner !== null && !isAlive(owner);
  });
}

/** True for a group that this very `ra` made, and that is nothing else by now. */
export function isGroupOf(directory: string, owner: ProcessIdentity): boolean {
  return basename(directory) === groupName(owner) && isCgroup(dirname(directory));
}

/** Has the kernel kill a group as a whole, what forks meanwhile included. */
export function killGroup(directory: string): void {
  tryWrite(join(directory, "cgroup.kill"), "1");
}

/** Ids of the processes in a group and below it. */
export function members(directory: string): number[] {
  const text = read(join(directory, "cgroup.procs"));
  const own = text.split("\n").flatMap((line) => (Number(line) > 0 ? [Number(line)] : []));
  return [...own, ...groupsBelow(directory).flatMap(members)];
}

/** True for a group that is there, with nothing in it or below it, and not told to stand still. */
export function isIdle(directory: string): boolean {
  const events = read(join(directory, "cgroup.events"));
  return /^populated 0$/m.test(events) && !/^frozen 1$/m.test(events);
}

function isPopulated(directory: string): boolean {
  return /^populated 1$/m.test(read(join(directory, "cgroup.events")));
}

/** Membership is what makes a process ours: it is looked at after the process was pinned down by its start. */
function terminate(pid: number, directory: string): void {
  const identity = processIdentity(pid);
  // As the kernel tells it: from the root of the tree, or from that of the namespace.
  const tail = directory.slice(directory.lastIndexOf("/ra-"));
  const isMember = read(`/proc/${pid}/cgroup`)
    .split("\n")
    .some((line) => line.startsWith("0::") && `${line}/`.includes(`${tail}/`));
  if (isMember) signalProcess(identity, "SIGTERM");
}

function groupsBelow(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(directory, name));
  } catch {
    return [];
  }
}

function isCgroup(directory: string): boolean {
  try {
    return statfsSync(directory).type === cgroupMagic;
  } catch {
    return false;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function tryWrite(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch {
    // Not allowed here, or gone: what depends on it is looked at again.
  }
}
