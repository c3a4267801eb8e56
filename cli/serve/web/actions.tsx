import { useEffect, useState } from "preact/hooks";
import type { Event } from "../../../core/run/event.ts";
import { isRetriable, isTakenUp } from "../../../core/run/resume.ts";
import type { RunState, TaskState } from "../../../core/run/state.ts";
import { hasEnded } from "../../../core/run/task.ts";
import { Confirm, type Foreseen } from "./confirm.tsx";
import { onRetry } from "./keys.ts";
import { ask } from "./session.ts";
import { useAct } from "./told.ts";

/** Something that can be done with a run or a task. */
interface Deed {
  readonly name: string;
  /** The command that does the same. */
  readonly command: string;
  readonly path: string;
  readonly body?: object;
  /** The page of the task that it is done with. */
  readonly page?: string;
  /** What is said while it is done, where that may take long, and when it is. */
  readonly meanwhile?: string;
  readonly done: string;
  readonly kind?: "allow" | "refuse";
  /** Does it when what it stands in is selected; what is to be thought over has none. */
  readonly key?: "a" | "d" | "r";
  /** Where it stands what it would do, which is shown first; it is done only when that is confirmed. */
  readonly foreseen?: string;
}

/** A run at its state now, what has happened in it, and whether a living `ra` drives it. */
interface OfRun {
  readonly state: RunState;
  readonly events: readonly Event[];
  readonly isDriven: boolean;
}

/** What can be done with a run now. */
export function RunActions({ state, events, isDriven }: OfRun) {
  const isAtWork = isDriven && state.finishedAt === null;
  if (isAtWork) {
    return <Actions of={[...continued(state.id, state.status === "paused"), stopped(state.id)]} />;
  }
  // What failed stays failed: going on does what has not ended, and tries what was stopped with the run.
  const isOpen = state.finishedAt === null || ["interrupted", "stopped"].includes(state.status);
  const isThere = onTarget(state, events);
  const tasks = [...state.tasks.values()];
  const isKept = tasks.some((task) => isWaiting(task, isThere));
  const taken = tasks.some(isThere) ? [rolledBack(state.id)] : [];
  const failed = tasks.filter((task) => isRetriable(state, task));
  const isFailed = failed.some((task) => !isOpen || !isTakenUp(task));
  // The same element as above: what was said of the last deed stays when the run changes by it.
  return (
    <Actions
      of={[...left({ run: state.id, isOpen, isFailed, isKept }), ...taken]}
      retries={failed.map(({ task }) => retried(state.id, task.id))}
    />
  );
}

/** What can be done with a task now. */
export function TaskActions({
  state,
  events,
  isDriven,
  task,
}: OfRun & { readonly task: TaskState }) {
  const { id } = task.task;
  const isAtWork = isDriven && state.finishedAt === null;
  if (isAtWork) return <Actions of={hasEnded(task) ? [] : [stopped(state.id, id)]} />;
  const isThere = onTarget(state, events);
  const isLeft = isWaiting(task, isThere) || (task.status === "error" && hasKept(task));
  const retry = isRetriable(state, task) ? [retried(state.id, id)] : [];
  const taken = isThere(task) ? [rolledBack(state.id, id)] : [];
  return <Actions of={[...retry, ...(isLeft ? [landed(state.id, id)] : []), ...taken]} />;
}

/** What can be done with a run that waits between its tasks. */
export function PausedActions({ run }: { readonly run: string }) {
  return <Actions of={[...continued(run, true), stopped(run)]} />;
}

/** What is left to do with a run that nobody drives. */
interface Left {
  readonly run: string;
  readonly isOpen: boolean;
  /** What failed or was stopped in it stays so when it just goes on. */
  readonly isFailed: boolean;
  readonly isKept: boolean;
}

/** What goes on from a run that ended without all of its work on the target, or broke off. */
export function FailedActions(what: Left) {
  return <Actions of={left(what)} />;
}

/** Tells whether the work of a task stands on the target. */
function onTarget({ published }: RunState, events: readonly Event[]): (task: TaskState) => boolean {
  const isWhole = published !== null && published.keptOn === null;
  // What a person landed by itself, while the rest is kept beside the target.
  const single = new Set(
    isWhole
      ? []
      : events
          .flatMap((event) => (event.type === "run.landed" ? event.tasks : []))
          .map(({ id }) => id),
  );
  return ({ task, commit, reverted }) =>
    commit !== null && reverted === undefined && (isWhole || single.has(task.id));
}

/** It is done, but not on the target. */
function isWaiting(task: TaskState, isThere: (task: TaskState) => boolean): boolean {
  return task.status === "done" && task.reverted === undefined && !isThere(task) && hasKept(task);
}

function hasKept({ attempts }: TaskState): boolean {
  return attempts.some(({ kept }) => kept !== null);
}

function left({ run, isOpen, isFailed, isKept }: Left): readonly Deed[] {
  return [
    ...(isOpen ? [resumed(run)] : []),
    ...(isFailed ? [retried(run)] : []),
    ...(isKept ? [landed(run)] : []),
  ];
}

function continued(run: string, isPaused: boolean): readonly Deed[] {
  if (!isPaused) return [];
  const [command, path] = [`ra continue ${run}`, `/api/runs/${run}/continue`];
  return [{ ...{ name: "Continue", command, path, kind: "allow", key: "a" }, done: "It goes on." }];
}

function stopped(run: string, task?: string): Deed {
  return {
    ...{
      name: "Stop",
      kind: "refuse",
      key: "d",
      path: `/api/runs/${run}/stop`,
      ...ofTask(run, "stop", task),
    },
    done: "It is being ended; its work is kept.",
  };
}

function resumed(run: string): Deed {
  return {
    ...{ name: "Resume", command: `ra resume ${run} --wait`, path: `/api/runs/${run}/resume` },
    ...{ meanwhile: "It is being taken up.", done: "It goes on." },
  };
}

function retried(run: string, task?: string): Deed {
  const name = task === undefined ? "Retry failed" : "Retry";
  const { command, ...body } = ofTask(run, "retry", task);
  return {
    ...{ name, key: "r", path: `/api/runs/${run}/retry`, command: `${command} --wait`, ...body },
    meanwhile: "It is being taken up.",
    done: task === undefined ? "It goes on." : `${task} is tried anew.`,
    ...(task === undefined ? {} : { page: `/r/${run}/t/${task}` }),
  };
}

function landed(run: string, task?: string): Deed {
  return {
    ...{ name: "Land", path: `/api/runs/${run}/land`, ...ofTask(run, "land", task) },
    ...{ meanwhile: "It is merged and checked.", done: "It has landed." },
  };
}

function rolledBack(run: string, task?: string): Deed {
  const of = task === undefined ? run : `${run}/tasks/${task}`;
  return {
    ...{ name: "Roll back", kind: "refuse", path: `/api/runs/${run}/rollback` },
    ...{ ...ofTask(run, "rollback", task), foreseen: `/api/runs/${of}/rollback` },
    ...{ meanwhile: "It is taken back and checked.", done: "It is taken back." },
  };
}

function ofTask(run: string, verb: string, task?: string): Pick<Deed, "command" | "body"> {
  if (task === undefined) return { command: `ra ${verb} ${run}` };
  return { command: `ra ${verb} ${run}/${task}`, body: { task } };
}

/**
 * Buttons, of which each names the command that does the same, and what came of the last one, which outlives its button.
 * `retries`: of tasks that stand elsewhere on the page, by a key alone.
 */
function Actions({
  of: deeds,
  retries = [],
}: {
  readonly of: readonly Deed[];
  readonly retries?: readonly Deed[];
}) {
  const { busy, said, act } = useAct();
  const [asked, setAsked] = useState<{ deed: Deed; foreseen: Foreseen } | null>(null);
  const work = ({ path, body = {}, meanwhile, done }: Deed): void =>
    act(() => ask(path, body).then(() => done), meanwhile);
  const begin = (deed: Deed): void => {
    const { foreseen } = deed;
    if (foreseen === undefined) work(deed);
    else
      act(async () => {
        setAsked({ deed, foreseen: await ask<Foreseen>(foreseen) });
        return null;
      });
  };
  useEffect(() =>
    onRetry((task) => {
      const deed = retries.find(({ page }) => page === task);
      if (deed !== undefined && !busy) begin(deed);
    }),
  );
  if (deeds.length === 0 && said === null) return null;
  return (
    <div class="actions">
      {deeds.map((deed) => (
        <button
          key={deed.name}
          type="button"
          class={deed.kind}
          data-key={deed.key}
          disabled={busy}
          title={deed.command}
          onClick={() => begin(deed)}
        >
          {deed.name}
        </button>
      ))}
      {said === null ? null : <span role="status">{said}</span>}
      {asked === null ? null : (
        <Confirm
          {...asked}
          onEnd={(isWanted) => {
            setAsked(null);
            if (isWanted) work(asked.deed);
          }}
        />
      )}
    </div>
  );
}
