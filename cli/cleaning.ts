import { abandonedEnd } from "../core/dispatch/summary.ts";
import { ExitCode, RaError } from "../core/error.ts";
import { isAlive } from "../core/process/table.ts";
import { allRuns } from "../core/registry/query.ts";
import type { Registry } from "../core/registry/registry.ts";
import type { DiscardedTask, Fact } from "../core/run/event.ts";
import type { RunState } from "../core/run/state.ts";
import { deleteTree } from "../core/workspace/deletion.ts";
import { deleteRefs, forgetWorktrees, takeAway } from "../core/workspace/discard.ts";
import type { Place } from "../core/workspace/place.ts";
import type { Remains, RemainsSite } from "../core/workspace/remains.ts";
import type { GitRepository } from "../core/workspace/workspace.ts";
import { branchName, type CleanItem, type KnownRun } from "./clean-plan.ts";
import { holdOf, refuseDriven } from "./driven.ts";
import { holdRun } from "./hold.ts";

/** Where a clean-up takes place. `registry` is null where it is gone, `repository` where there is no git. */
export interface CleanSite extends RemainsSite {
  readonly place: Place;
  readonly registry: Registry | null;
  readonly repository: GitRepository | null;
}

/** What is known of every run that has left something, those of the registry first, in the order of their start. */
export async function knownRuns(
  site: CleanSite,
  remains: Remains,
): Promise<ReadonlyMap<string, KnownRun>> {
  const { registry } = site;
  const left = new Set([...remains.paths, ...remains.refs].map(({ run }) => run));
  const recorded = registry === null ? [] : allRuns(registry.database);
  const known = new Map<string, KnownRun>();
  for (const run of recorded.filter((id) => left.has(id))) {
    const state = await registry?.state(run);
    const driven = state !== undefined && state.finishedAt === null && isAlive(state.owner);
    const live = driven || (state !== undefined && holdOf(state) !== null);
    const landed = state === undefined || live ? none : await landedTasks(site, state);
    known.set(run, { state, live, landed });
  }
  for (const run of left) {
    if (run !== null && !known.has(run))
      known.set(run, { state: undefined, live: false, landed: none });
  }
  return known;
}

const none: ReadonlySet<string> = new Set();

/** Tasks that the log says are done and that the target has. Either alone is not enough to let a result go. */
async function landedTasks(
  { repository }: CleanSite,
  state: RunState,
): Promise<ReadonlySet<string>> {
  const { id: run, base, target } = state;
  if (repository === null || base === null || target === null) return none;
  const tip = await repository.branchTip(target);
  if (tip === null) return none;
  // A base that is gone from the store tells nothing, and then everything counts as work that waits.
  const there = await repository.landedTasks({ run, base, tip }).catch(() => none);
  const done = [...state.tasks.values()].filter(({ task, status, attempts }) => {
    const landing = attempts.at(-1)?.landing?.kind;
    return (
      status === "done" && (landing === "nothing" || (landing === "merged" && there.has(task.id)))
    );
  });
  return new Set(done.map(({ task }) => task.id));
}

/** What a clean-up came to. */
export interface Cleaned {
  /** Refs and branches that something else moved or holds, so that they stayed. */
  readonly stayed: readonly string[];
}

/**
 * Takes away all items that go. The order, run by run, and why no crash in between can lose work that was to stay:
 *
 * 0. The run is held, in a transaction that sees that it is as it was shown: nobody resumes, lands or takes it back
 *    until all of it is done.
 * 1. The fact `run.cleaned`, durable. From here on no
 *    command counts on what goes. A crash before this changed nothing, a crash after it leaves things that the next
 *    clean-up finds named as discarded, and takes away.
 * 2. Directories, renamed into the trash in one more transaction, so that no `ra resume` can open them meanwhile.
 *    They go before refs, for they borrow objects that only refs keep: a directory without them is damaged work.
 * 3. Logs and indexes. An index goes after its workspace: its presence says that the workspace was never given up.
 * 4. The branch, then refs, each only where it still is what was shown. They go last: whatever remains of a
 *    clean-up that was cut off is whole, and the pin of a result outlives everything that tells of it.
 */
export async function clean(
  site: CleanSite,
  runs: ReadonlyMap<string, KnownRun>,
  items: readonly CleanItem[],
): Promise<Cleaned> {
  const going = items.filter((item) => item.goes);
  const stayed: string[] = [];
  for (const [run, known] of runs) {
    const own = going.filter((item) => item.run === run);
    if (own.length > 0) stayed.push(...(await cleanHeld(site, run, known, own)));
  }
  // Last of all: what was taken away above lies here by now.
  for (const { path } of going.filter((item) => item.run === null)) {
    if (path !== null) await deleteTree(path.path);
  }
  return { stayed };
}

/** Nobody can resume, land or take back the run meanwhile. */
async function cleanHeld(
  site: CleanSite,
  run: string,
  known: KnownRun,
  items: readonly CleanItem[],
): Promise<readonly string[]> {
  const { registry } = site;
  if (registry === null || known.state === undefined)
    return await cleanRun(site, run, known, items);
  const { lastSeq } = known.state;
  const check = (now: RunState): void => {
    if (now.lastSeq !== lastSeq) throw changed(run);
    refuseAtWork(now);
  };
  return await holdRun({ registry, run, by: "clean", check }, () =>
    cleanRun(site, run, known, items),
  );
}

async function cleanRun(
  site: CleanSite,
  run: string,
  known: KnownRun,
  items: readonly CleanItem[],
): Promise<readonly string[]> {
  const { registry, place } = site;
  const directories = items.flatMap(({ kind, path }) =>
    path !== null && (kind === "workspace" || kind === "scratch" || kind === "leftover")
      ? [path]
      : [],
  );
  const files = items.flatMap(({ kind, path }) =>
    path !== null && (kind === "logs" || kind === "index") ? [path.path] : [],
  );
  await record(registry, known.state, items);
  const taken = await atRest(registry, run, () => takeAway(site, directories));
  await forgetWorktrees(
    place,
    directories.map(({ path }) => path),
  );
  for (const path of [...taken, ...files]) await deleteTree(path);
  const stayed: string[] = [];
  for (const branch of items.filter(({ kind }) => kind === "branch").flatMap(({ refs }) => refs)) {
    const name = branchName(branch);
    if (!(await site.repository?.discard(name, branch.commit))) stayed.push(name);
  }
  const refs = items.filter(({ kind }) => kind !== "branch").flatMap((item) => item.refs);
  await atRest(registry, run, () => undefined);
  const moved = await deleteRefs(site, refs);
  return [...stayed, ...moved.map(({ ref }) => ref)];
}

/** Records what goes, when it is more than what the run's end left behind by accident. */
async function record(
  registry: Registry | null,
  seen: RunState | undefined,
  items: readonly CleanItem[],
): Promise<void> {
  if (registry === null || seen === undefined) return;
  const cleaned = factOf(seen, items);
  if (cleaned === null) return;
  await registry.commit(seen.id, ({ state }) => {
    if (state === undefined) throw changed(seen.id);
    refuseAtWork(state);
    // A run whose `ra` died and that a person gives up has no end yet.
    return state.finishedAt === null ? [...abandonedEnd(state), cleaned] : [cleaned];
  });
}

function factOf(state: RunState, items: readonly CleanItem[]): Fact | null {
  const tasks = new Map<string, DiscardedTask>();
  for (const { task: id, kind, unlanded } of items) {
    if (id === null || !state.tasks.has(id) || kind === "scratch" || kind === "index") continue;
    if (kind === "workspace" && !unlanded) continue;
    tasks.set(id, { id, unlanded: unlanded || tasks.get(id)?.unlanded === true });
  }
  const branch = items.find(({ kind }) => kind === "branch")?.refs[0];
  if (tasks.size === 0 && branch === undefined) return null;
  const name = branch === undefined ? null : branchName(branch);
  return { type: "run.cleaned", tasks: [...tasks.values()], branch: name };
}

/** Does something while the run cannot be resumed; refuses when it has been. */
async function atRest<T>(registry: Registry | null, run: string, work: () => T): Promise<T> {
  if (registry === null) return work();
  let done: { readonly result: T } | null = null;
  await registry.commit(run, ({ state }) => {
    if (state !== undefined) refuseAtWork(state);
    done = { result: work() };
    return [];
  });
  return (done as unknown as { readonly result: T }).result;
}

function changed(run: string): RaError {
  return new RaError({
    code: "RUN_CHANGED",
    exitCode: ExitCode.environment,
    message: `run \`${run}\` has changed since it was looked at`,
    hint: "look again with `ra clean --dry-run`",
  });
}

/** Throws `RaError` (exit 6) while somebody drives the run, or something that it started still runs. */
export function refuseAtWork(state: RunState): void {
  refuseDriven(state);
  const { id, finishedAt } = state;
  if (finishedAt !== null) return;
  for (const { task, attempts } of state.tasks.values()) {
    const last = attempts.at(-1);
    if (!last || last.outcome !== null || last.process === null || !isAlive(last.process)) continue;
    throw new RaError({
      code: "RUN_AT_WORK",
      exitCode: ExitCode.environment,
      message: `process ${last.process.pid} of \`${id}/${task.id}\` still runs, though the \`ra\` that drove it is gone`,
      hint: `end it with \`ra resume ${id}\`, or end the process`,
    });
  }
}
