import { mkdirSync, renameSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { endedRuns } from "../core/registry/query.ts";
import type { Registry } from "../core/registry/registry.ts";
import type { RunState } from "../core/run/state.ts";
import { deleteTree } from "../core/workspace/deletion.ts";
import type { LogPolicy } from "./config.ts";
import { holdOf } from "./driven.ts";

/** Where the logs of all runs are, and how much they may take up. */
export interface LogCap {
  readonly registry: Registry;
  readonly stateDir: string;
  readonly policy: LogPolicy;
  /** The run of the process itself, whose logs nobody has seen yet. */
  readonly spared: string;
}

/** What the logs of all runs came to. */
export interface CappedLogs {
  /** Runs whose logs went. */
  readonly removed: readonly string[];
  /** Bytes by which the logs that stay exceed what they may take up; 0 when they do not. */
  readonly excess: number;
}

/**
 * Keeps the logs of all runs within their cap: those of the run that ended first go first, whole runs at a time. Never
 * those of a run under way, and those of one that failed or has not landed only when the policy says so. The fact comes
 * first; the directory moves in a transaction that sees that the run is at rest, and is deleted after that.
 */
export async function capLogs(cap: LogCap): Promise<CappedLogs> {
  const { registry, stateDir, policy, spared } = cap;
  const trash = join(stateDir, "removed-logs");
  // What a clean-up that was cut off has left.
  await deleteTree(trash);
  const sizes = await sizesOf(join(stateDir, "runs"));
  let total = 0;
  for (const size of sizes.values()) total += size;
  const removed: string[] = [];
  if (total <= policy.totalMax) return { removed, excess: 0 };
  for (const run of endedRuns(registry.database)) {
    const bytes = sizes.get(run) ?? 0;
    if (total <= policy.totalMax) break;
    if (bytes === 0 || run === spared || !(await remove(cap, run, bytes, trash))) continue;
    removed.push(run);
    total -= bytes;
  }
  await deleteTree(trash);
  return { removed, excess: Math.max(0, total - policy.totalMax) };
}

/** Moves the logs of a run away when they may go. False: they stay. */
async function remove(
  { registry, stateDir, policy }: LogCap,
  run: string,
  bytes: number,
  trash: string,
): Promise<boolean> {
  const { totalMax } = policy;
  const recorded = await registry.commit(run, ({ state }) =>
    mayGo(state, policy) ? [{ type: "logs.removed", bytes, totalMax }] : [],
  );
  if (recorded.length === 0) return false;
  mkdirSync(trash, { recursive: true, mode: 0o700 });
  let moved = false;
  // Nobody can resume the run inside the transaction, so no log of a living attempt is among them.
  await registry.commit(run, ({ state }) => {
    if (!mayGo(state, policy)) return [];
    renameSync(join(stateDir, "runs", run), join(trash, run));
    moved = true;
    return [];
  });
  return moved;
}

function mayGo(state: RunState | undefined, { failed }: LogPolicy): boolean {
  if (state === undefined || state.finishedAt === null || holdOf(state) !== null) return false;
  if (failed === "remove") return true;
  const { status, published } = state;
  return (status === "succeeded" || status === "rolled-back") && published?.keptOn == null;
}

/** Bytes of the logs of each run, by the length of the files. */
async function sizesOf(dir: string): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for (const run of await namesIn(dir)) {
    let bytes = 0;
    for (const task of await namesIn(join(dir, run))) {
      const files = (await namesIn(join(dir, run, task))).map((name) =>
        stat(join(dir, run, task, name)).then(
          ({ size }) => size,
          () => 0,
        ),
      );
      for (const size of await Promise.all(files)) bytes += size;
    }
    sizes.set(run, bytes);
  }
  return sizes;
}

/** Names in a directory; none where there is none, or it has gone meanwhile. */
function namesIn(dir: string): Promise<readonly string[]> {
  return readdir(dir).catch(() => []);
}
