import { realpathSync } from "node:fs";
import { sep } from "node:path";
import type { ProcessIdentity } from "../id.ts";
import {
  answers,
  isAlive,
  listProcesses,
  marksOf,
  type ProcessRow,
  processIdentity,
  readProcess,
  workingDirectory,
} from "./table.ts";

/** A process that outlived its attempt and every signal, or that carries no mark and so was not touched. */
export interface Survivor {
  readonly pid: number;
  readonly name: string;
}

/** A process group that `ra` made, and how to know that its id is not somebody else's by now. */
export interface Group {
  readonly leader: ProcessIdentity;
  /** False from the moment the group was seen empty: its id may be taken again. */
  held(): boolean;
}

/** What belongs to one attempt, or to several. */
export interface Tree {
  readonly group: Group | null;
  /** Values of `RA_ATTEMPT`; agents start their shell tools in sessions of their own, which only the mark finds. */
  readonly marks: ReadonlySet<string>;
  /** A directory nobody else works in: a process that still stands there at the end is named, never signalled. */
  readonly territory: string | null;
  /** Nothing older belongs to the tree. Clock ticks since boot. */
  readonly sinceTicks: number;
}

/** How long signals are repeated to what does not die of the first. */
const killMs = 5_000;

/**
 * Ends a tree: TERM to all of it, KILL after `graceMs`, again until nothing is left or 5 s have passed. Each pid is
 * compared with its start time right before a signal; pids up to 1, `ra` itself and its group never get one.
 * Returns what still runs.
 */
export async function endTree(tree: Tree, graceMs: number): Promise<readonly Survivor[]> {
  if (listProcesses() === null) return endGroup(tree.group, graceMs);
  const strays = new Map<number, ProcessRow>();
  let members = look(tree, strays);
  if (members.length > 0) {
    signal(members, tree.group, "SIGTERM");
    members = await wait(() => look(tree, strays), graceMs, 10, 100);
  }
  if (members.length > 0) {
    const again = (): ProcessRow[] => {
      const left = look(tree, strays);
      signal(left, tree.group, "SIGKILL");
      return left;
    };
    members = again();
    if (members.length > 0) members = await wait(again, killMs, 2, 50);
  }
  const named = new Map(members.map((row) => [row.pid, row]));
  for (const row of [...strays.values(), ...standingIn(tree)])
    if (isAlive(row)) named.set(row.pid, row);
  return [...named.values()].map(({ pid, name }) => ({ pid, name }));
}

/** Ends every process that carries one of the marks, as `endTree` does; for leftovers of a crash of `ra` too. */
export function sweep(
  marks: string | ReadonlySet<string>,
  graceMs: number,
): Promise<readonly Survivor[]> {
  const set = typeof marks === "string" ? new Set([marks]) : marks;
  return endTree({ group: null, marks: set, territory: null, sinceTicks: 0 }, graceMs);
}

/** The members of a tree. Children of members that are none themselves go into `strays`. */
function look(tree: Tree, strays: Map<number, ProcessRow>): ProcessRow[] {
  const rows = (listProcesses() ?? []).filter(
    (row) => row.pid > 1 && row.pid !== process.pid && row.startTicks >= tree.sinceTicks,
  );
  const group = tree.group?.held() ? tree.group.leader.pid : null;
  const members = rows.filter(
    (row) => row.group === group || (tree.marks.size > 0 && marked(row, tree.marks)),
  );
  if (members.length === 0) return members;
  const family = new Set(members.map((row) => row.pid));
  for (let grown = true; grown; ) {
    grown = false;
    for (const row of rows) {
      if (family.has(row.pid) || !family.has(row.parent)) continue;
      family.add(row.pid);
      strays.set(row.pid, row);
      grown = true;
    }
  }
  return members;
}

function marked(row: ProcessRow, marks: ReadonlySet<string>): boolean {
  return marksOf(row.pid).some((mark) => marks.has(mark));
}

function standingIn(tree: Tree): ProcessRow[] {
  const root = tree.territory === null ? null : realPath(tree.territory);
  if (root === null) return [];
  return (listProcesses() ?? []).filter((row) => {
    if (row.pid === process.pid || row.startTicks < tree.sinceTicks) return false;
    const at = workingDirectory(row.pid);
    return at !== null && (at === root || at.startsWith(root + sep));
  });
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

function signal(members: readonly ProcessRow[], group: Group | null, name: NodeJS.Signals): void {
  const ours = group?.leader.pid ?? null;
  const own = readProcess(process.pid)?.group;
  // While one verified process is in the group, its id cannot belong to another one.
  if (ours !== null && ours > 1 && ours !== own) {
    const witness = members.find((row) => row.group === ours && same(row)?.group === ours);
    if (witness) kill(-ours, name);
  }
  for (const row of members) {
    if (row.group !== ours && same(row)) kill(row.pid, name);
  }
}

/** The process as it is now, when it still is the one that was seen. */
function same(row: ProcessRow): ProcessRow | null {
  const now = readProcess(row.pid);
  return now !== null && now.startTicks === row.startTicks ? now : null;
}

function kill(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone in the meantime, or not ours to signal: the next look tells which.
  }
}

/** Asks again, less and less often, until nothing is left or the time is up. */
async function wait(
  left: () => ProcessRow[],
  forMs: number,
  firstMs: number,
  mostMs: number,
): Promise<ProcessRow[]> {
  const end = performance.now() + forMs;
  for (let pause = firstMs; ; pause = Math.min(pause * 2, mostMs)) {
    const remaining = end - performance.now();
    if (remaining > 0) await Bun.sleep(Math.min(pause, remaining));
    const members = left();
    if (members.length === 0 || remaining <= pause) return members;
  }
}

/** Without `/proc` only the group can be reached. */
async function endGroup(group: Group | null, graceMs: number): Promise<readonly Survivor[]> {
  if (group === null || group.leader.pid <= 1) return [];
  const { pid } = group.leader;
  const left = (): boolean => group.held() && answers(-pid);
  for (const [name, forMs] of [
    ["SIGTERM", graceMs],
    ["SIGKILL", killMs],
  ] as const) {
    const end = performance.now() + forMs;
    if (left()) kill(-pid, name);
    while (left() && performance.now() < end) await Bun.sleep(20);
  }
  return left() ? [{ pid, name: `process group ${pid}` }] : [];
}

/** The start of `ra` itself: no program it starts is older. 0 without `/proc`. */
export function ownStartTicks(): number {
  ownTicks ??= processIdentity(process.pid).startTicks ?? 0;
  return ownTicks;
}

let ownTicks: number | undefined;
