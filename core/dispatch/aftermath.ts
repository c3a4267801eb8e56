import { inLanes } from "../lanes.ts";
import type { Machine } from "../process/machine.ts";
import type { Orphans } from "../process/orphans.ts";
import { survivorNotes } from "../process/tree.ts";
import type { Fact } from "../run/event.ts";
import type { EventLog } from "../run/log.ts";
import type { AttemptState, RunState, TaskState } from "../run/state.ts";
import type {
  AbandonedWorkspace,
  GitRepository,
  KeptCommit,
  Snapshot,
} from "../workspace/workspace.ts";
import type { AttemptEnd } from "./attempt.ts";
import { replanted } from "./carry.ts";
import { standingCommits } from "./standing.ts";

/** How long the programs of a dead `ra` have between TERM and KILL, in milliseconds. */
const graceMs = 2_000;

/** How many workspaces are kept at once: each takes about ten short git processes, one after the other. */
const lanes = 4;

/** What a dead `ra` left of a run, put in order. */
export interface Aftermath {
  /** Results that were recorded and have not landed, by task: they land without a new attempt. */
  readonly results: ReadonlyMap<string, AttemptEnd>;
  /** What was done, one line each. */
  readonly told: readonly string[];
}

/** A run that has just been taken over from a dead `ra`. */
export interface Takeover {
  readonly log: EventLog;
  readonly run: string;
  readonly machine: Machine;
  /** Null when no task of the run needs git. */
  readonly repository: GitRepository | null;
}

/**
 * Ends what processes of dead `ra` are at work for a run, also of those that died over a recovery before they had looked.
 * Gives what was done, one line each.
 */
export async function endProcesses(machine: Machine, state: RunState): Promise<string[]> {
  // Whoever had the run before this process has it no more.
  const owners = state.owners.filter(({ pid }) => pid !== process.pid);
  const marks: string[] = [];
  for (const [id, { attempts }] of state.tasks) {
    marks.push(`${state.id}/${id}/verify`);
    // The last start may not have been recorded any more.
    for (let number = 1; number <= attempts.length + 1; number++) {
      marks.push(`${state.id}/${id}/${number}`);
    }
  }
  const { found, survivors } = await machine.endOrphans(owners, marks, graceMs);
  return [...endedNotes(found), ...survivorNotes(survivors)];
}

/** As many ended processes are told by their names. */
const namedMax = 5;

function endedNotes(found: Orphans["found"]): string[] {
  if (found.length === 0) return [];
  const names = found.slice(0, namedMax).map(({ pid, name }) => `${pid} (${name})`);
  const more = found.length > namedMax ? ` and ${found.length - namedMax} more` : "";
  return [
    `${counted(found.length, "process", "processes")} of it ended: ${names.join(", ")}${more}`,
  ];
}

/**
 * Puts in order what a dead `ra` left of a run that this process has taken over: ends its processes, brings half-done
 * landings back, keeps what stands in its workspaces, removes the rest. May be broken off at any point and begun anew.
 */
export async function recoverRun(takeover: Takeover): Promise<Aftermath> {
  const { log, run, machine, repository } = takeover;
  const state = await log.state(run);
  if (state === undefined) return { results: new Map(), told: [] };
  const told = await endProcesses(machine, state);
  if (repository === null) return { results: new Map(), told };
  told.push(...(await repository.mend(run)));
  await recordLanded(takeover, state, repository);
  const results = await pendingResults(state, repository);
  const empty: AbandonedWorkspace[] = [];
  const open = new Set<string>();
  const lasting = lastingPlaces(state);
  const worked = (await repository.abandoned(run, lasting)).filter((left) => {
    const attempt = state.tasks.get(left.task)?.attempts[left.attempt - 1];
    const ran = (left.base !== null && left.isFilled) || attempt?.process != null;
    if (ran || left.isolation === "in-place") return true;
    empty.push(left);
    return false;
  });
  const kept = await inLanes(worked, lanes, (left) =>
    takeUp(takeover, state, left, results).catch((error: Error) => [
      `the workspace of ${left.task}/${left.attempt} is set aside: ${error.message}`,
    ]),
  );
  for (const [i, { task, attempt }] of worked.entries()) {
    const lines = kept[i] as readonly string[] | "open";
    if (lines === "open") open.add(`${task}.${attempt}`);
    else told.push(...lines);
  }
  await repository.clearAbandoned(run, { empty, open, lasting });
  if (results.size > 0) told.push(`${counted(results.size, "result", "results")} to land`);
  return { results, told };
}

/** The last attempt of each task whose attempts share a directory. */
function lastingPlaces({ tasks }: RunState): ReadonlyMap<string, number> {
  const lasting = [...tasks].filter(([, { task }]) => task.continueSession);
  return new Map(lasting.map(([id, { attempts }]) => [id, attempts.length]));
}

/** A target that moved right before the death holds commits that the log does not know of. */
async function recordLanded(
  { log, run }: Takeover,
  state: RunState,
  repository: GitRepository,
): Promise<void> {
  const merging = [...state.tasks.values()].filter(({ status }) => status === "merging");
  const tip = state.target === null ? null : await repository.branchTip(state.target);
  if (merging.length === 0 || tip === null) return;
  const landed = await repository.landedCommits({ run, base: state.base, tip });
  const commits = standingCommits(landed);
  const facts = merging.flatMap((task): Fact[] => {
    const { id } = task.task;
    const commit = commits.find(({ tasks }) => tasks.includes(id))?.commit;
    const attempt = task.attempts.at(-1)?.number;
    if (commit === undefined || attempt === undefined) return [];
    return [
      {
        type: "merge.finished",
        task: id,
        attempt,
        landing: { kind: "merged", commit },
        warnings: [],
      },
      { type: "task.finished", task: id, status: "done", error: null, commit },
    ];
  });
  if (facts.length > 0) await log.commit(run, () => facts);
}

/** What was recorded as the result of an attempt, as the dispatcher lands it. */
async function pendingResults(
  state: RunState,
  repository: GitRepository,
): Promise<Map<string, AttemptEnd>> {
  const pending = [...state.tasks].flatMap(([id, { status, attempts }]) => {
    const attempt = attempts.at(-1);
    const { kept, outcome } = attempt ?? { kept: null, outcome: null };
    if (status !== "merging" || !attempt || !outcome || kept === null) return [];
    return [{ ...attempt, id, kept, outcome }];
  });
  const commits = await repository.keptCommits(pending.map(({ kept }) => kept));
  const nothing = async (): Promise<void> => {};
  const ends = pending.map(({ id, outcome, usage, findings, durationMs }, i) => {
    const { commit, base, tree, changes } = commits[i] as KeptCommit;
    const snapshot = { commit, tree, unchanged: false, changes, notes: [] };
    const end = {
      outcome,
      usage,
      durationMs: durationMs ?? 0,
      snapshot,
      base,
      notes: [],
      findings,
    };
    return [id, { ...end, restore: nothing, close: nothing }] as const;
  });
  return new Map(ends);
}

/** Keeps what stands in a workspace, and gives the workspace up; `open` when its result is still to land from it. */
async function takeUp(
  takeover: Takeover,
  state: RunState,
  left: AbandonedWorkspace,
  results: Map<string, AttemptEnd>,
): Promise<readonly string[] | "open"> {
  const { run, repository } = takeover;
  const task = state.tasks.get(left.task);
  const attempt = task?.attempts[left.attempt - 1];
  const base = left.base ?? attempt?.base ?? "";
  const keep = task?.task.keep ?? [];
  const workspace = await repository?.adopt({ ...left, run, base, keep });
  if (!workspace) return [];
  const result = results.get(left.task);
  if (left.isolation === "in-place" && attempt?.landing?.kind === "merged") {
    // What the branch holds is the user's by now: the files stay, and what was before them is over.
    await workspace.close();
    return [];
  }
  if (left.isolation === "in-place" && result && attempt === task?.attempts.at(-1)) {
    // The checkout holds the files of the result: it lands from there, or they are taken back.
    const [restore, close] = [() => workspace.restore(), () => workspace.close()];
    results.set(left.task, { ...result, restore, close });
    return "open";
  }
  const ref = `refs/ra/${run}/${left.task}/${left.attempt}`;
  const recorded = attempt?.kept ?? null;
  let snapshot: Snapshot | null;
  try {
    snapshot = await workspace.snapshot(`ra: what ${run}/${left.task}/${left.attempt} left`);
    await workspace.restore();
    const tip = snapshot && base !== "" && repository ? await repository.carriedOnto(base) : null;
    if (snapshot && tip && repository)
      snapshot = await replanted(repository, snapshot, { tip, ref });
  } finally {
    // The log names that commit: another one of the same files, at another time, does not take its place.
    if (recorded !== null) await repository?.pin(ref, recorded);
  }
  const kept = snapshot === null || snapshot.unchanged ? null : snapshot.commit;
  if (task && attempt) await recordLost(takeover, task, attempt, snapshot);
  await workspace.close();
  const isNew = kept !== null && recorded === null;
  return isNew ? [`what ${left.task}/${left.attempt} left is kept at ${kept.slice(0, 12)}`] : [];
}

/** The end of an attempt that died with its `ra`, with what it left. Once recorded, it is not recorded again. */
async function recordLost(
  { log, run, machine }: Takeover,
  { task, attempts }: TaskState,
  attempt: AttemptState,
  snapshot: Snapshot | null,
): Promise<void> {
  const kept = snapshot === null || snapshot.unchanged ? null : snapshot.commit;
  const isLost = attempt.outcome?.kind === "lost" && attempt === attempts.at(-1);
  if (!isLost || (attempt.durationMs !== null && (kept === null || attempt.kept !== null))) return;
  const until = attempt.finishedAt === null ? machine.clock.now() : Date.parse(attempt.finishedAt);
  const fact: Fact = {
    type: "attempt.finished",
    task: task.id,
    attempt: attempt.number,
    outcome: { kind: "lost" },
    durationMs: Math.max(0, until - Date.parse(attempt.startedAt)),
    usage: null,
    kept,
    notes: snapshot?.notes ?? [],
  };
  await log.commit(run, () => [fact]);
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
