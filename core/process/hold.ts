import type { ProcessIdentity } from "../id.ts";
import { watchCrowd } from "./crowd.ts";
import { custody, processesMax } from "./custody.ts";
import { startFailure } from "./failure.ts";
import {
  feed,
  type Hold,
  inputOf,
  markedEnvironment,
  marksToEnd,
  type Program,
  type ProgramInput,
} from "./program.ts";
import { holdByShim } from "./shim-hold.ts";
import { startWhole } from "./start.ts";
import { Subgroup } from "./subgroup.ts";
import { answers, processIdentity } from "./table.ts";
import { endTree, type Group, ownStartTicks, type Survivor } from "./tree.ts";

/**
 * Starts a program in what this process has custody by. Without custody its process group and its mark are all there
 * is. Throws `RaError` when it cannot be started, or `exited` rejects with it.
 */
export function holdProgram(program: Program): Hold {
  const kept = custody();
  if (kept === null) return holdByGroup(program);
  const group = kept.cgroup === null ? null : takeSubgroup(kept.cgroup);
  return group === null ? holdByShim(program, kept.self) : holdByCgroup(program, group);
}

/** Null when there are too many, or when somebody took the group of this process away. */
function takeSubgroup(group: string): Subgroup | null {
  try {
    return Subgroup.take(group, processesMax());
  } catch {
    return null;
  }
}

type Child = Bun.Subprocess<ProgramInput, "pipe", "pipe">;

function spawn(program: Program, more: { cgroup?: string }): Child {
  const { argv, cwd } = program;
  try {
    const child = startWhole(() =>
      Bun.spawn([...argv], {
        cwd,
        env: markedEnvironment(program),
        detached: true,
        stdin: inputOf(program),
        stdout: "pipe",
        stderr: "pipe",
        ...more,
      }),
    );
    feed(child, program);
    return child;
  } catch (error) {
    throw startFailure(argv[0], cwd, error);
  }
}

/** The kernel keeps everything together that the program starts, whatever that does to its session or environment. */
function holdByCgroup(program: Program, group: Subgroup): Hold {
  let child: Child;
  try {
    child = spawn(program, { cgroup: group.directory });
  } catch (error) {
    group.remove();
    throw error;
  }
  const leader = lazyIdentity(child);
  const crowd = watchCrowd(group.directory, processesMax());
  return {
    stdout: child.stdout,
    stderr: child.stderr,
    isHeld: true,
    get identity() {
      return leader();
    },
    exited: child.exited.then(() => {
      const overrun = crowd.stop();
      return overrun === undefined ? endOf(child) : { ...endOf(child), overrun };
    }),
    async end(graceMs, reach) {
      const left = await group.end(graceMs);
      if (reach === "held") return left;
      return together(left, await endMarked(program, leader(), graceMs));
    },
  };
}

/** What stands outside of its hold by a trick of its own, or of somebody who moved it. */
function endMarked(
  program: Program,
  leader: ProcessIdentity,
  graceMs: number,
): Promise<readonly Survivor[]> {
  const territory = program.territory ?? null;
  const sinceTicks = leader.startTicks ?? ownStartTicks();
  return endTree({ group: null, marks: marksToEnd(program), territory, sinceTicks }, graceMs);
}

function together(some: readonly Survivor[], more: readonly Survivor[]): readonly Survivor[] {
  return [...some, ...more.filter(({ pid }) => some.every((one) => one.pid !== pid))];
}

function holdByGroup(program: Program): Hold {
  const child = spawn(program, {});
  const leader = lazyIdentity(child);
  let held = true;
  const group: Group = {
    get leader() {
      return leader();
    },
    held() {
      if (held && isOver(child)) held = answers(-child.pid);
      return held;
    },
  };
  return {
    stdout: child.stdout,
    stderr: child.stderr,
    isHeld: false,
    get identity() {
      return leader();
    },
    exited: child.exited.then(() => {
      // Right at the exit the group's id is still ours for certain, or the group is gone for good.
      group.held();
      return endOf(child);
    }),
    end(graceMs, reach) {
      if (reach === "held" && !group.held()) return Promise.resolve([]);
      const marks = reach === "all" ? marksToEnd(program) : new Set<string>();
      const territory = reach === "all" ? (program.territory ?? null) : null;
      const sinceTicks = leader().startTicks ?? ownStartTicks();
      return endTree({ group, marks, territory, sinceTicks }, graceMs);
    },
  };
}

/** Reads the start ticks when they are first asked for: a file read is much beside a short command. */
function lazyIdentity(child: Child): () => ProcessIdentity {
  let identity: ProcessIdentity | undefined;
  return () => {
    if (identity) return identity;
    identity = isOver(child) ? { pid: child.pid, startTicks: null } : processIdentity(child.pid);
    return identity;
  };
}

function isOver(child: Child): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function endOf(child: Child): { code: number | null; signal: NodeJS.Signals | null } {
  return { code: child.exitCode, signal: child.signalCode as NodeJS.Signals | null };
}
