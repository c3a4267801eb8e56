import { isAttended } from "../core/process/living.ts";
import type { BudgetMark, WaitReason } from "../core/run/event.ts";
import type { TaskError, TaskStatus } from "../core/run/model.ts";
import type { QuestionState } from "../core/run/question.ts";
import { isRetriable } from "../core/run/resume.ts";
import { rootCause } from "../core/run/root-cause.ts";
import type { RunState, TaskState } from "../core/run/state.ts";
import { hasEnded, isAtWork } from "../core/run/task.ts";
import { raiseCommand } from "./raised-budget.ts";
import { optionText } from "./view/questions.ts";

/** A command that goes on from here, and what it is good for. */
export interface NextStep {
  readonly command: string;
  readonly about: string;
}

/** What a task was told when it was parked. `provider`: who refused it; null: nobody did. */
export interface Parking {
  readonly message: string | null;
  readonly provider: string | null;
}

/** Why a task is where it is. What does not apply is null or empty. */
export interface TaskReason {
  readonly run: string;
  readonly task: string;
  readonly status: TaskStatus;
  /** The tasks it needs that are not done. */
  readonly needs: readonly { readonly id: string; readonly status: TaskStatus }[];
  readonly waiting: WaitReason | null;
  readonly parked: ({ readonly until: string } & Parking) | null;
  /** Since when its programs have printed nothing; null while that is no news. */
  readonly silentSince: string | null;
  readonly error: TaskError | null;
  /** The paths on which its result met other work, and the tasks of that. */
  readonly conflict: { readonly paths: readonly string[]; readonly with: readonly string[] } | null;
  /** The ref that holds what its last attempt left. */
  readonly kept: { readonly ref: string; readonly attempt: number; readonly commit: string } | null;
  /** When `ra clean` discarded its results and logs; null: they are there. */
  readonly discarded: { readonly at: string; readonly unlanded: boolean } | null;
  readonly commit: string | null;
  readonly reverted: { readonly commit: string; readonly revert: string } | null;
  /** The task that kept it from running, at the root of the chain. */
  readonly root: { readonly id: string; readonly error: TaskError | null } | null;
  readonly warnings: readonly string[];
  /** What the agents of its last attempt asked: open, or taken back unanswered. */
  readonly questions: readonly QuestionState[];
  readonly next: readonly NextStep[];
}

/** Why a run ended as it did, or what it is at. */
export interface RunReason {
  readonly run: string;
  readonly status: RunState["status"];
  /** False: it has not ended, and the `ra` that drove it is gone. */
  readonly driven: boolean;
  readonly exitCode: number | null;
  /** What went wrong, the first first: that decides the exit code. */
  readonly causes: readonly { readonly task: string; readonly error: TaskError }[];
  /** The limit of its budget that it came to; null: none. */
  readonly overBudget: BudgetMark | null;
  readonly kept: { readonly branch: string; readonly reason: string | null } | null;
  readonly tasks: Readonly<Partial<Record<TaskStatus, number>>>;
  readonly next: readonly NextStep[];
}

/** Explains a task. `parkedFor`: what it was told when it was parked last. */
export function reasonOfTask(
  state: RunState,
  task: TaskState,
  parkedFor: Parking | null,
  silentSince: string | null = null,
): TaskReason {
  const { task: planned, status, waiting, parkedUntil, error, warnings, commit } = task;
  const kept = task.attempts.findLast((attempt) => attempt.kept !== null);
  const landing = task.attempts.at(-1)?.landing;
  const needs = planned.deps.flatMap((id) => {
    const other = state.tasks.get(id);
    return other === undefined || other.status === "done" ? [] : [{ id, status: other.status }];
  });
  const reason = {
    run: state.id,
    task: planned.id,
    status,
    needs: hasEnded(task) ? [] : needs,
    waiting: status === "waiting" ? waiting : null,
    parked:
      parkedUntil === null
        ? null
        : { until: parkedUntil, ...(parkedFor ?? { message: null, provider: null }) },
    silentSince,
    error,
    conflict:
      error?.kind === "conflict" && landing?.kind === "conflicted"
        ? { paths: landing.paths, with: landing.with }
        : null,
    discarded: task.discarded ?? null,
    kept:
      kept?.kept && !task.discarded
        ? {
            ref: `refs/ra/${state.id}/${planned.id}/${kept.number}`,
            attempt: kept.number,
            commit: kept.kept,
          }
        : null,
    commit,
    reverted: task.reverted ?? null,
    root: rootOf(state, task),
    warnings,
    questions: (task.attempts.at(-1)?.questions ?? []).filter(
      ({ end }) => end?.kind !== "answered",
    ),
  };
  return { ...reason, next: nextOfTask(state, reason) };
}

/** Explains a run. */
export function reasonOfRun(state: RunState): RunReason {
  const { id, status, exitCode, published, owner, finishedAt } = state;
  const tasks: Partial<Record<TaskStatus, number>> = {};
  for (const task of state.tasks.values()) tasks[task.status] = (tasks[task.status] ?? 0) + 1;
  const causes = [...state.tasks.values()]
    .flatMap((task) => (task.error === null ? [] : [{ ...task, error: task.error }]))
    .sort((a, b) => (a.finishedSeq ?? 0) - (b.finishedSeq ?? 0))
    .map(({ task, error }) => ({ task: task.id, error }));
  const isThere = published?.keptOn && published.keptOn !== state.discardedBranch;
  const kept = isThere ? { branch: String(published.keptOn), reason: published.reason } : null;
  const driven = finishedAt !== null || isAttended(owner);
  const { overBudget } = state;
  const reason = { run: id, status, driven, exitCode, causes, overBudget, kept, tasks };
  const steps = nextOfRun(reason);
  if (overBudget === null || finishedAt === null) return { ...reason, next: steps };
  const command = raiseCommand(id, [overBudget]);
  return { ...reason, next: [{ command, about: "goes on with more" }, ...steps] };
}

function rootOf(state: RunState, task: TaskState): TaskReason["root"] {
  const cause = rootCause(state, task);
  return cause === undefined ? null : { id: cause.task.id, error: cause.error };
}

function nextOfTask(state: RunState, reason: Omit<TaskReason, "next">): NextStep[] {
  const { run, task, status, error, kept, root, waiting } = reason;
  const name = `${run}/${task}`;
  const steps: NextStep[] = [];
  const add = (command: string, about: string): void => void steps.push({ command, about });
  const isOver = state.finishedAt !== null || !isAttended(state.owner);
  for (const { gate, options, end } of reason.questions) {
    if (end !== null) continue;
    for (const option of options) add(`ra answer ${gate} ${option.id}`, optionText(option));
    if (options.length === 0) add(`ra answer ${gate} "TEXT"`, "answers it");
  }
  if (error !== null) {
    if (kept !== null) add(`ra diff ${name}`, "what it left");
    if (kept !== null && isOver) addLanding(add, name, error);
    if (reason.discarded === null) add(`ra logs ${name}`, "what its programs printed");
  }
  if (status === "skipped" && root !== null)
    add(`ra why ${run}/${root.id}`, "why that did not end well");
  if (status === "stopped" && isOver)
    add(`ra resume ${run}`, "goes on with what was stopped with the run");
  const isRunOut = error?.kind === "budget";
  if (isOver && !isRunOut && isRetriable(state, reason))
    add(`ra retry ${name}`, "tries it anew, and what was skipped for it");
  if (waiting?.kind === "cooldown" || (reason.parked !== null && reason.parked.provider !== null))
    add("ra agents", "which providers refuse, and until when");
  if (waiting?.kind === "claim") add(`ra show ${waiting.by}`, "what it waits for");
  if (isAtWork({ status })) add(`ra logs ${name} -f`, "what it prints");
  if (state.status === "paused") add(`ra continue ${run}`, "lets the run go on");
  if (status === "done" && isOver && state.published?.keptOn && reason.discarded === null)
    add(`ra land ${run}`, "brings it onto the target");
  if (!isOver || state.finishedAt !== null || steps.length > 0) return steps;
  add(`ra resume ${run}`, "the ra that drove the run is gone");
  return steps;
}

function addLanding(
  add: (command: string, about: string) => void,
  name: string,
  error: TaskError,
): void {
  if (error.kind === "conflict") add(`ra land ${name}`, "lands it once nothing is in its way");
  else if (error.kind === "scope") add(`ra land ${name}`, "lands it all the same");
  else if (error.kind === "verify") {
    add(`ra land ${name}`, "checks it again on the target and lands it");
    add(`ra land ${name} --no-verify`, "lands it without the check");
  }
}

function nextOfRun(reason: Omit<RunReason, "next">): NextStep[] {
  const { run, status, driven, exitCode, causes, kept, tasks } = reason;
  const steps: NextStep[] = [];
  if (status === "paused" && driven) {
    steps.push({ command: `ra continue ${run}`, about: "lets it go on" });
  }
  if (tasks["needs-you"] !== undefined && driven) {
    steps.push({ command: "ra answer", about: "what its agents ask" });
  }
  const [first] = causes;
  if (first) steps.push({ command: `ra why ${run}/${first.task}`, about: "the first cause" });
  if (kept !== null)
    steps.push({ command: `ra land ${run}`, about: `lands what ${kept.branch} holds` });
  const isOpen = status === "stopped" || status === "interrupted" || !driven;
  if (isOpen && (tasks.stopped || !driven)) {
    steps.push({ command: `ra resume ${run}`, about: "goes on where it ended" });
  }
  const isRunOut = first?.error.kind === "budget";
  if (first && exitCode !== null && !isRunOut && isRetriable(reason, { status: "error" }))
    steps.push({ command: `ra retry ${run}`, about: "tries anew what failed" });
  if (status === "running" && driven) steps.push({ command: "ra ps", about: "what runs now" });
  return steps;
}
