import { createHash } from "node:crypto";
import { join } from "node:path";
import { limits } from "../limits.ts";
import { makeGroup, makeSubgroup, ownName, removeGroup } from "./cgroup.ts";
import { probeCgroup } from "./cgroup-probe.ts";
import { ownerMark, processIdentity } from "./table.ts";

/** What keeps together whatever a program starts: a group of the kernel's, or a parent that all orphans come back to. */
export type CustodyMode = "cgroup" | "shim";

/** How this process holds on to everything it starts, so that nothing of it is left when it dies. */
export interface Custody {
  readonly mode: CustodyMode;
  /** Directory of the cgroup of this process; null in the mode `shim`. */
  readonly cgroup: string | null;
  /** How this program starts itself. */
  readonly self: readonly [string, ...string[]];
}

/** The hidden first argument of a warden, and of a shim; the owner's mark follows. */
export const wardenWord = "__warden";
export const shimWord = "__shim";

/** The variable that names the mode, for those who do not want the one that was found. */
export const modeVariable = "RA_CUSTODY";

interface Held extends Custody {
  leaving: boolean;
  warden: Bun.Subprocess<"pipe", "ignore", "ignore"> | null;
}

let held: Held | null = null;
let place = "";
let most: number = limits.processes;

/** How this process holds what it starts; null before `takeCustody`: then its own end ends nothing. */
export function custody(): Custody | null {
  return held;
}

/** What a mark stands for in the whole of the machine: the ids of runs and tasks are those of one registry. */
export function fullMark(mark: string): string {
  return `${place}/${mark}`;
}

/** Names the registry whose runs this process drives, by its directory. */
export function setPlace(stateDir: string): void {
  place = createHash("sha256").update(stateDir).digest("hex").slice(0, 12);
}

/** How many processes a program of an attempt or a check may have at a time. */
export function processesMax(): number {
  return most;
}

/** Says how many processes a program may have at a time, from the next one on. */
export function setProcessesMax(max: number): void {
  most = max;
}

/** The mode that would be used, and the directory for groups; `asked` may rule the cgroup out. */
export function chooseMode(
  asked: string | undefined,
): { readonly mode: "cgroup"; readonly below: string } | { readonly mode: "shim" } {
  if (asked === "shim") return { mode: "shim" };
  const probe = probeCgroup();
  return probe.usable ? { mode: "cgroup", below: probe.directory } : { mode: "shim" };
}

/**
 * Sees to it that whatever this process starts from now on ends with it, whatever ends it: a warden, a process of its
 * own, waits for its death. `self`: how this program starts itself. `asked`: the mode, as a person names it.
 */
export function takeCustody(self: readonly [string, ...string[]], asked?: string): Custody {
  if (held !== null) return held;
  const chosen = chooseMode(asked);
  const cgroup = chosen.mode === "cgroup" ? groupBelow(chosen.below) : null;
  const mode = cgroup === null ? "shim" : "cgroup";
  held = { mode, cgroup, self, leaving: false, warden: null };
  startWarden(held);
  process.on("exit", leaveCustody);
  return held;
}

/** Gives up what `takeCustody` took. What still runs is then ended by the warden. */
export function leaveCustody(): void {
  if (held === null) return;
  const { cgroup, warden } = held;
  held.leaving = true;
  held = null;
  process.off("exit", leaveCustody);
  // An empty group is proof that there is nothing to end; else the warden looks, as after a death.
  if (cgroup !== null && removeGroup(cgroup)) warden?.stdin.write("bye\n");
  void warden?.stdin.end();
}

/** Starts a short program of `ra`'s own where it dies with `ra`: `spawn` gets what it adds to its options. */
export function inOwnGroup<T>(spawn: (more: { cgroup?: string }) => T): T {
  const group = held?.cgroup ?? null;
  if (group === null) return spawn({});
  const cgroup = join(group, ownName);
  try {
    return spawn({ cgroup });
  } catch (error) {
    const { path } = error as { path?: string };
    // Somebody removed the group, which was empty. A program or directory that is not there names another path.
    if (path === cgroup) return spawn({});
    throw error;
  }
}

function groupBelow(directory: string): string | null {
  let group: string | null = null;
  try {
    group = makeGroup(directory);
    makeSubgroup(group, ownName);
    return group;
  } catch {
    if (group !== null) removeGroup(group);
    return null;
  }
}

/** How long a warden must have lived to be followed by another one at once, in milliseconds. */
const wardenLifeMs = 1_000;

function startWarden(of: Held): void {
  const owner = processIdentity(process.pid);
  const started = performance.now();
  const again = (): void => {
    if (of.leaving) return;
    const waits = performance.now() - started < wardenLifeMs;
    if (waits) setTimeout(() => of.leaving || startWarden(of), wardenLifeMs).unref();
    else startWarden(of);
  };
  try {
    const warden = Bun.spawn([...of.self, wardenWord, ownerMark(owner)], {
      // Neither what `ra` knows nor where it stands is the warden's business.
      cwd: "/",
      env: {},
      stdin: "pipe",
      stdout: "ignore",
      stderr: "ignore",
      detached: true,
    });
    of.warden = warden;
    warden.stdin.write(`${JSON.stringify({ owner, cgroup: of.cgroup })}\n`);
    void warden.stdin.flush();
    warden.unref();
    void warden.exited.then(again);
  } catch {
    again();
  }
}
