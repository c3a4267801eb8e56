import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { CustodyMode } from "../../core/process/custody.ts";
import { onTestEnd } from "../support/leftovers.ts";
import { type PlannedTask, testRepository, until } from "../support/repository.ts";
import { type HostileTree, holding, hostileTrees, newToken } from "./hostile.ts";

/** How a tree loses those that started it. */
export const endings = ["exit", "timeout", "kill -9", "kill -9 in verify"] as const;
export type Ending = (typeof endings)[number];

/** What came of trees that ended in one way. */
export interface TreesResult {
  readonly trees: number;
  /** Processes of the trees that were there before the end. */
  readonly seen: number;
  /** Processes that were left, by outside evidence. */
  readonly survivors: number;
  /** How long after the end something was still there, in milliseconds. */
  readonly goneMs: number;
}

/** How many trees run at a time. */
const batch = 10;

/** How long after the death of `ra` everything must be gone: 2 s of grace, 5 s of killing, and room. */
const patienceMs = 15_000;

/** Plays trees with the compiled binary in a mode, all of which end in one way, without a later start of `ra`. */
export async function playTrees(
  mode: CustodyMode,
  ending: Ending,
  count: number,
): Promise<TreesResult> {
  const total = { trees: 0, seen: 0, survivors: 0, goneMs: 0 };
  const token = newToken();
  const trees = hostileTrees(token, count);
  for (let at = 0; at < trees.length; at += batch) {
    const played = await playBatch(mode, ending, trees.slice(at, at + batch), token);
    total.trees += played.trees;
    total.seen += played.seen;
    total.survivors += played.survivors;
    total.goneMs = Math.max(total.goneMs, played.goneMs);
  }
  return total;
}

async function playBatch(
  mode: CustodyMode,
  ending: Ending,
  trees: readonly HostileTree[],
  token: string,
): Promise<TreesResult> {
  const repository = testRepository();
  repository.env.RA_CUSTODY = mode;
  const ready = join(repository.top, "ready");
  const go = join(repository.top, "go");
  onTestEnd(() => {
    for (const pid of holding(token)) process.kill(pid, "SIGKILL");
  });
  const waits = `while [ ! -e ${go} ]; do sleep 0.05; done`;
  const tasks = trees.map(({ script }, at): PlannedTask => {
    const tree = `${script}\n: > ${ready}.${at}`;
    const id = `t${at}`;
    if (ending === "kill -9 in verify")
      return { id, run: `: > ${id}`, verify: `${tree}; ${waits}` };
    if (ending === "timeout") return { id, run: `${tree}; exec sleep 1000`, timeout: "3s" };
    return { id, run: `${tree}; ${waits}` };
  });
  const inVerify = ending === "kill -9 in verify";
  // Checks run one after the other: each has a run of its own.
  const plans = inVerify ? tasks.map((task) => [task]) : [tasks];
  // Ten at once are not to meet in a registry that is just being made.
  if (inVerify) await repository.ra("dispatch", repository.plan([{ id: "first", run: "true" }]));
  const started = await Promise.all(
    plans.map((some) =>
      repository.start("dispatch", repository.plan(some, { concurrency: batch })),
    ),
  );
  const areReady = (): boolean =>
    readdirSync(repository.top).filter((name) => name.startsWith("ready.")).length === trees.length;
  await until(areReady, `${trees.length} trees`);
  const seen = holding(token).length;
  if (ending === "exit") Bun.write(go, "");
  else if (ending !== "timeout") for (const { signal } of started) signal("SIGKILL");
  await Promise.all(started.map(({ ended }) => ended));
  const goneMs = await untilGone(token);
  return { trees: trees.length, seen, survivors: holding(token).length, goneMs };
}

/** A process that forks and ends all the time may be missed by one look, and by some in a row. */
const looksEmpty = 30;

/** Milliseconds until the last look that found something; gives up after a while. */
export async function untilGone(token: string): Promise<number> {
  const from = performance.now();
  let last = from;
  for (let empty = 0; empty < looksEmpty && last - from < patienceMs; empty++) {
    if (holding(token).length > 0) {
      empty = -1;
      last = performance.now();
    }
    await Bun.sleep(10);
  }
  return Math.round(last - from);
}
