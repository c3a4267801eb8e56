import { ExitCode, RaError } from "../error.ts";
import type { Task } from "../plan/plan.ts";
import type { RevertedTask } from "../run/event.ts";
import type { RunState } from "../run/state.ts";
import type { GitRepository, LandedCommit, TouchingCommit } from "../workspace/workspace.ts";
import { standingCommits } from "./standing.ts";

/** What a person wants to have taken back. */
export interface RollbackOrder {
  readonly repository: GitRepository;
  readonly state: RunState;
  readonly target: string;
  /** Null: every task of the run. */
  readonly task: string | null;
  /** Runs a check on the resulting tree; null when it passed, else why not. Null: nothing is checked. */
  readonly verify: ((command: string, commit: string, task: Task) => Promise<string | null>) | null;
}

/** The commits to take back, newest first. */
export interface RollbackPlan {
  readonly tip: string;
  readonly commits: readonly LandedCommit[];
}

/** What was taken back. */
export interface Rollback {
  readonly from: string;
  readonly to: string;
  readonly tasks: readonly RevertedTask[];
}

/** How often a target that keeps moving is followed. */
const triesMax = 5;

/** Commits that an error names at most. */
const namedMax = 5;

/**
 * Takes back what a run brought to its target: a revert commit for each of its commits there, newest first, landed in
 * one move. Throws `RaError`: exit 2 when nothing is there, exit 7 when later work is in the way; then nothing has changed.
 */
export async function rollBack(order: RollbackOrder): Promise<Rollback> {
  const { repository, target } = order;
  for (let tries = 0; tries < triesMax; tries++) {
    const plan = await planRollback(order);
    const { tip: to, tasks } = await build(order, plan);
    if (tasks.length === 0) throw nothing(`nothing of it is left on \`${target}\` to take back`);
    await check(order, to);
    const publication = await repository.publish({ target, from: plan.tip, to });
    if (publication.kind === "landed") return { from: plan.tip, to, tasks };
    if (publication.kind === "refused") throw refused(publication.reason);
    if (publication.kind === "gone") break;
  }
  const tip = await repository.branchTip(target);
  throw refused(tip === null ? gone(target) : `\`${target}\` moved ${triesMax} times meanwhile`);
}

/** Tells what `rollBack` would take back, and throws what it would throw but for a failing check. No ref moves. */
export async function previewRollback(order: RollbackOrder): Promise<RollbackPlan> {
  const plan = await planRollback(order);
  await build(order, plan);
  return plan;
}

/** Finds what is to be taken back, and refuses what other tasks of the run depend on. */
async function planRollback(order: RollbackOrder): Promise<RollbackPlan> {
  const { repository, state, target, task } = order;
  const tip = await repository.branchTip(target);
  if (tip === null) throw refused(gone(target));
  const { id: run, base } = state;
  const standing = standingCommits(await repository.landedCommits({ run, base, tip }));
  const commits =
    task === null ? standing : standing.filter(({ tasks }) => tasks.includes(task)).slice(0, 1);
  const name = task === null ? run : `${run}/${task}`;
  if (commits.length === 0) {
    throw nothing(`no commit of \`${name}\` stands in the first-parent history of \`${target}\``);
  }
  const shared = commits.find(
    ({ tasks, foreign }) => foreign || (task !== null && tasks.length > 1),
  );
  if (shared) throw refused(`${named(shared)} holds other work besides that of \`${name}\``);
  if (task !== null) refuseNeeded(state, task, standing);
  return { tip, commits };
}

/** A task that another one needs goes only together with that one. */
function refuseNeeded(state: RunState, task: string, standing: readonly LandedCommit[]): void {
  const needing = dependentsOf(state, task);
  const later = standing.filter(({ tasks }) => tasks.some((id) => needing.has(id)));
  if (later.length === 0) return;
  const who = later.map(
    (commit) => `\`${commit.tasks.join(", ")}\` (${commit.commit.slice(0, 7)})`,
  );
  throw new RaError({
    code: "ROLLBACK_NEEDED",
    exitCode: ExitCode.notLanded,
    message: `\`${state.id}/${task}\` is needed by ${listed(who)}, which stands`,
    hint: `take these back first, or the whole run with \`ra rollback ${state.id}\``,
  });
}

/** Ids of the tasks that need a task, directly or not. */
function dependentsOf({ plan }: RunState, task: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [task];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const other of plan.tasks) {
      if (!other.deps.includes(id) || found.has(other.id)) continue;
      found.add(other.id);
      open.push(other.id);
    }
  }
  return found;
}

/** Makes the revert commits, on top of each other. No ref moves. */
async function build(
  { repository, state }: RollbackOrder,
  plan: RollbackPlan,
): Promise<{ readonly tip: string; readonly tasks: readonly RevertedTask[] }> {
  const reverted: RevertedTask[] = [];
  let tip = plan.tip;
  for (const landed of plan.commits) {
    const { commit, parent, tasks } = landed;
    if (parent === null) throw refused(`${named(landed)} is the first commit of the history`);
    const merge = await repository.merge({ base: commit, ours: tip, theirs: parent });
    if (merge.kind === "conflict") throw await conflict(repository, plan, landed, merge.paths);
    if (merge.tree === (await repository.tree(tip))) continue;
    const message = revertMessage(state.id, landed);
    const next = await repository.commit({ tree: merge.tree, parent: tip, message });
    const strays = await strayPaths(repository, landed, parent, { from: tip, to: next });
    if (strays.length > 0) throw await conflict(repository, plan, landed, strays);
    reverted.push(...tasks.map((id) => ({ id, commit, revert: next })));
    tip = next;
  }
  return { tip, tasks: reverted };
}

/** Paths that a revert changes and its commit did not: later work has moved the files. */
async function strayPaths(
  repository: GitRepository,
  { commit }: LandedCommit,
  parent: string,
  step: { readonly from: string; readonly to: string },
): Promise<readonly string[]> {
  const [own, changed] = await Promise.all([
    repository.changes(parent, commit),
    repository.changes(step.from, step.to),
  ]);
  const mine = new Set(own.map(({ path }) => path));
  return changed.map(({ path }) => path).filter((path) => !mine.has(path));
}

/** Runs every check command of the run's landed tasks once on the tree that would stand. */
async function check({ state, verify }: RollbackOrder, commit: string): Promise<void> {
  if (verify === null) return;
  const last = new Map<string, Task>();
  for (const { task, commit: landed } of state.tasks.values()) {
    if (task.verify !== null && landed !== null) last.set(task.verify, task);
  }
  for (const [command, task] of last) {
    const complaint = await verify(command, commit, task);
    if (complaint === null) continue;
    throw new RaError({
      code: "ROLLBACK_UNVERIFIED",
      exitCode: ExitCode.notLanded,
      message: `without it ${complaint}`,
      hint: "nothing has changed; `--no-verify` leaves the checks out",
    });
  }
}

async function conflict(
  repository: GitRepository,
  { tip }: RollbackPlan,
  landed: LandedCommit,
  paths: readonly string[],
): Promise<RaError> {
  const later = await repository.commitsTouching({ from: landed.commit, to: tip, paths });
  const who = later.map((each) => `${each.commit.slice(0, 7)} ${labelOf(each)}`);
  const by = who.length === 0 ? "later work" : listed(who);
  return new RaError({
    code: "ROLLBACK_CONFLICT",
    exitCode: ExitCode.notLanded,
    message: `${named(landed)} cannot be taken back: ${by} changed ${listed(paths)} after it`,
    hint: "nothing has changed; take the later work back first, or revert by hand",
  });
}

function labelOf({ task, subject }: TouchingCommit): string {
  return task === null ? `"${subject}"` : `\`${task}\``;
}

function named({ commit, tasks }: LandedCommit): string {
  return `commit ${commit.slice(0, 7)} of \`${tasks.join(", ")}\``;
}

function listed(all: readonly string[]): string {
  const more = all.length > namedMax ? ` and ${all.length - namedMax} more` : "";
  return `${all.slice(0, namedMax).join(", ")}${more}`;
}

function revertMessage(run: string, { commit, tasks, subject }: LandedCommit): string {
  const trailers = tasks.flatMap((task) => [`Ra-Run: ${run}`, `Ra-Task: ${task}`]);
  return `Revert "${subject}"\n\n${[...trailers, `Ra-Reverts: ${commit}`].join("\n")}\n`;
}

function gone(target: string): string {
  return `the branch \`${target}\` does not exist`;
}

function refused(message: string): RaError {
  return new RaError({
    code: "ROLLBACK_REFUSED",
    exitCode: ExitCode.notLanded,
    message,
    hint: "nothing has changed",
  });
}

function nothing(message: string): RaError {
  return new RaError({ code: "NOTHING_TO_ROLL_BACK", exitCode: ExitCode.usage, message });
}
