import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { ProcessIdentity } from "../id.ts";

/** One line of the process table, as `/proc/PID/stat` tells it. */
export interface ProcessRow {
  readonly pid: number;
  /** The kernel's short name of the program, at most 15 bytes. */
  readonly name: string;
  /** One letter: `R` runs, `S` sleeps, `Z` is a zombie and so on. */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly startTicks: number;
}

/** The variable every program of an attempt carries; children inherit it, sessions of their own included. */
export const markVariable = "RA_MARK";

/** The variable everything carries that `ra` starts, git included: it names the `ra` that started it. */
export const ownerVariable = "RA_OWNER";

/** The value of `RA_OWNER` for what a process starts. */
export function ownerMark({ pid, startTicks }: ProcessIdentity): string {
  return `ra:${pid}:${startTicks ?? ""}`;
}

/** An environment with the mark of this process as the owner, so that what it leaves when it is killed is found. */
export function withOwner(env: Readonly<Record<string, string>>): Record<string, string> {
  own ??= ownerMark(processIdentity(process.pid));
  return { ...env, [ownerVariable]: own };
}

let own: string | undefined;

/** The table's line of one process, zombies included; null when it is gone or there is no `/proc`. */
export function readProcess(pid: number): ProcessRow | null {
  const text = readText(`/proc/${pid}/stat`);
  return text === null ? null : parseStat(text);
}

/** The kernel's flags of a process that is ending, and of one that has not become another program since its fork. */
const [isExiting, isOnlyForked] = [0x4, 0x40];

/** True for a child that ended before it became the program that it was to be. Known until its exit is taken. */
export function endedUnstarted(pid: number): boolean {
  const text = readText(`/proc/${pid}/stat`);
  const flags = Number(text?.slice(text.lastIndexOf(")") + 2).split(" ", 7)[6] ?? 0);
  // A child that has just become its program may still have the second one.
  return (flags & isExiting) !== 0 && (flags & isOnlyForked) !== 0;
}

/** Parses `/proc/PID/stat`. The name may hold spaces and brackets, so the fields start at the last `)`. */
export function parseStat(text: string): ProcessRow | null {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  if (open < 0 || close < open) return null;
  const fields = text.slice(close + 2).split(" ");
  return {
    pid: Number.parseInt(text, 10),
    name: text.slice(open + 1, close),
    state: fields[0] ?? "?",
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTicks: Number(fields[19]),
  };
}

/** Every process that runs, zombies left out; null where there is no `/proc`. */
export function listProcesses(): ProcessRow[] | null {
  let names: string[];
  try {
    names = readdirSync("/proc");
  } catch {
    return null;
  }
  const rows: ProcessRow[] = [];
  for (const name of names) {
    if (!/^[0-9]+$/.test(name)) continue;
    const row = readProcess(Number(name));
    if (row !== null && runs(row)) rows.push(row);
  }
  return rows;
}

/** The identity of a pid right now. `startTicks` is null when the process is gone or there is no `/proc`. */
export function processIdentity(pid: number): ProcessIdentity {
  return { pid, startTicks: readProcess(pid)?.startTicks ?? null };
}

/**
 * True while that very process runs: a zombie and a later process with the same pid do not count.
 * Without start ticks, which means without `/proc`, the pid alone decides.
 */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.pid <= 0) return false;
  const row = readProcess(identity.pid);
  if (row !== null) {
    return runs(row) && (identity.startTicks === null || row.startTicks === identity.startTicks);
  }
  return identity.startTicks === null && answers(identity.pid);
}

/** The values of the marks in a process's first environment; empty when it has none or it may not be read. */
export function marksOf(pid: number): string[] {
  const environment = readText(`/proc/${pid}/environ`);
  if (environment === null || !environment.includes("RA_")) return [];
  const prefixes = [`${markVariable}=`, `${ownerVariable}=`];
  // What follows the last NUL was cut off or overwritten by the program: it is no entry.
  const entries = environment.split("\0").slice(0, -1);
  return entries.flatMap((entry) =>
    prefixes.flatMap((prefix) => (entry.startsWith(prefix) ? [entry.slice(prefix.length)] : [])),
  );
}

/** The arguments a process was started with; empty when they cannot be read. */
export function argumentsOf(pid: number): string[] {
  return (readText(`/proc/${pid}/cmdline`) ?? "").split("\0").slice(0, -1);
}

/** Ids of the processes that have a file open, as far as they may be looked at. */
export function holdersOf(path: string): number[] {
  return (listProcesses() ?? []).flatMap(({ pid }) => {
    try {
      const open = readdirSync(`/proc/${pid}/fd`).some(
        (fd) => linkOf(`/proc/${pid}/fd/${fd}`) === path,
      );
      return open ? [pid] : [];
    } catch {
      return [];
    }
  });
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** The working directory of a process; null when it may not be read. */
export function workingDirectory(pid: number): string | null {
  return linkOf(`/proc/${pid}/cwd`);
}

/** True when a signal could be sent to a pid, or to a group when it is negative; zombies answer too. */
export function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function runs(row: ProcessRow): boolean {
  return row.state !== "Z" && row.state !== "X" && row.state !== "x";
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}
