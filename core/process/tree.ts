import { realpathSync } from "node:fs";
import { sep } from "node:path";
import type { ProcessIdentity } from "../id.ts";
import { kill, signalProcess } from "./signal.ts";
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

/** What a report says of survivors, one line each. */
export function survivorNotes(survivors: readonly Survivor[]): string[] {
  return survivors.map(({ pid, name }) => `process ${pid} (${name}) would not end`);
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
  /** Values of `RA_MARK` or `RA_OWNER`; agents start their shell tools in sessions of their own, which only the mark finds. */
  readonly marks: ReadonlySet<string>;
  /** A directory nobody else works in: a process that still stands there at the end is named, never signalled. */
  readonly territory: string | null;
  /** Nothing older belongs to the tree. Clock ticks since boot. */
  readonly sinceTicks: number;
  /** Whatever descends from it belongs to the tree, itself excluded. */
  readonly root?: ProcessIdentity;
}

/** How long signals are repeated to what does not die of the first. */
export const killMs: number = 5_000;

/**
 * How long a git of a dead `ra` has between TERM and KILL, in milliseconds. At TERM it removes its locks, but it may be in the
 * middle of a flush; killed then, it would leave them for ever.
 */
export const gitGraceMs: number = 15_000;

/**
 * Ends a tree: TERM to all of it, KILL after `graceMs`, again until nothing is left or 5 s have passed. Each pid is
 * compared with its start time right before a signal; pids up to 1, `ra` itself and its group never get one.
 * Returns what still runs.
 */
export async function endTree(tree: Tree, graceMs: number): Promise<readonly Survivor[]> {
  if (listProcesses() === null) return endGroup(tree.group, graceMs);
  const strays = new Map<number, ProcessRow>();
  let members: readonly ProcessRow[] = await askTree(tree, graceMs, strays);
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

/** Sends TERM to a tree, and waits at most `graceMs` for it to end. Gives what still runs. */
export async function askTree(
  tree: Tree,
  graceMs: number,
  strays: Map<number, ProcessRow> = new Map(),
): Promise<readonly ProcessRow[]> {
  const members = look(tree, strays);
  if (members.length === 0) return members;
  signal(members, tree.group, "SIGTERM");
  return await wait(() => look(tree, strays), graceMs, 10, 100);
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
  const { root } = tree;
  const heirs = root === undefined ? null : new Set(descendants(rows, [root.pid]));
  const members = rows.filter(
    (row) =>
      row.group === group || heirs?.has(row) || (tree.marks.size > 0 && marked(row, tree.marks)),
  );
  if (members.length === 0) return members;
  const ids = members.map((row) => row.pid);
  for (const row of descendants(rows, ids)) strays.set(row.pid, row);
  return members;
}

/** What descends from processes, themselves excluded. */
function descendants(rows: readonly ProcessRow[], from: readonly number[]): ProcessRow[] {
  const family = new Set(from);
  const found: ProcessRow[] = [];
  for (let grown = true; grown; ) {
    grown = false;
    for (const row of rows) {
      if (family.has(row.pid) || !family.has(row.parent)) continue;
      family.add(row.pid);
      found.push(row);
      grown = true;
    }
  }
  return found;
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
    if (row.group !== ours) signalProcess(row, name);
  }
}

/** The process as it is now, when it still is the one that was seen. */
function same(row: ProcessRow): ProcessRow | null {
  const now = readProcess(row.pid);
  return now !== null && now.startTicks === row.startTicks ? now : null;
}

/** Asks again, less and less often, until nothing is left or the time is up. */
export async function wait<T>(
  left: () => T[],
  forMs: number,
  firstMs: number,
  mostMs: number,
): Promise<T[]> {
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
