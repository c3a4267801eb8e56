import type { RunState, TaskState } from "../../../core/run/state.ts";
import { hasEnded } from "../../../core/run/task.ts";
import { ask } from "./session.ts";
import { useAct } from "./told.ts";

/** Something that can be done with a run or a task. */
interface Deed {
  readonly name: string;
  /** The command that does the same. */
  readonly command: string;
  readonly path: string;
  readonly body?: object;
  /** What is said while it is done, where that may take long, and when it is. */
  readonly meanwhile?: string;
  readonly done: string;
  readonly kind?: "allow" | "refuse";
}

/** A run at its state now, and whether a living `ra` drives it. */
interface OfRun {
  readonly state: RunState;
  readonly isDriven: boolean;
}

/** What can be done with a run now. */
export function RunActions({ state, isDriven }: OfRun) {
  const isAtWork = isDriven && state.finishedAt === null;
  if (isAtWork) {
    return <Actions of={[...continued(state.id, state.status === "paused"), stopped(state.id)]} />;
  }
  // What failed stays failed: going on does what has not ended.
  const isOpen = state.finishedAt === null || ["interrupted", "stopped"].includes(state.status);
  const isKept = [...state.tasks.values()].some((task) => isWaiting(state, task));
  // The same element as above: what was said of the last deed stays when the run changes by it.
  return <Actions of={left(state.id, isOpen, isKept)} />;
}

/** What can be done with a task now. */
export function TaskActions({ state, isDriven, task }: OfRun & { readonly task: TaskState }) {
  const { id } = task.task;
  const isAtWork = isDriven && state.finishedAt === null;
  if (isAtWork) return <Actions of={hasEnded(task) ? [] : [stopped(state.id, id)]} />;
  const isLeft = isWaiting(state, task) || (task.status === "error" && hasKept(task));
  return <Actions of={isLeft ? [landed(state.id, id)] : []} />;
}

/** What can be done with a run that waits between its tasks. */
export function PausedActions({ run }: { readonly run: string }) {
  return <Actions of={[...continued(run, true), stopped(run)]} />;
}

/** What goes on from a run that ended without all of its work on the target, or broke off. */
export function FailedActions({
  run,
  isOpen,
  isKept,
}: {
  readonly run: string;
  readonly isOpen: boolean;
  readonly isKept: boolean;
}) {
  return <Actions of={left(run, isOpen, isKept)} />;
}

/** It is done, but not on the target. */
function isWaiting({ published }: RunState, task: TaskState): boolean {
  const isThere = published !== null && published.keptOn === null;
  return task.status === "done" && task.reverted === undefined && !isThere && hasKept(task);
}

function hasKept({ attempts }: TaskState): boolean {
  return attempts.some(({ kept }) => kept !== null);
}

function left(run: string, isOpen: boolean, isKept: boolean): readonly Deed[] {
  return [...(isOpen ? [resumed(run)] : []), ...(isKept ? [landed(run)] : [])];
}

function continued(run: string, isPaused: boolean): readonly Deed[] {
  if (!isPaused) return [];
  const [command, path] = [`ra continue ${run}`, `/api/runs/${run}/continue`];
  return [{ ...{ name: "Continue", command, path, kind: "allow" }, done: "It goes on." }];
}

function stopped(run: string, task?: string): Deed {
  return {
    ...{
      name: "Stop",
      kind: "refuse",
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

function landed(run: string, task?: string): Deed {
  return {
    ...{ name: "Land", path: `/api/runs/${run}/land`, ...ofTask(run, "land", task) },
    ...{ meanwhile: "It is merged and checked.", done: "It has landed." },
  };
}

function ofTask(run: string, verb: string, task?: string): Pick<Deed, "command" | "body"> {
  if (task === undefined) return { command: `ra ${verb} ${run}` };
  return { command: `ra ${verb} ${run}/${task}`, body: { task } };
}

/** Buttons, of which each names the command that does the same, and what came of the last one, which outlives its button. */
function Actions({ of: deeds }: { readonly of: readonly Deed[] }) {
  const { busy, said, act } = useAct();
  if (deeds.length === 0 && said === null) return null;
  return (
    <p class="actions">
      {deeds.map(({ name, command, path, body = {}, kind, meanwhile, done }) => (
        <button
          key={name}
          type="button"
          class={kind}
          data-key={kind === undefined ? undefined : keyOf[kind]}
          disabled={busy}
          title={command}
          onClick={() => act(() => ask(path, body).then(() => done), meanwhile)}
        >
          {name}
        </button>
      ))}
      {said === null ? null : <span role="status">{said}</span>}
    </p>
  );
}

const keyOf = { allow: "a", refuse: "d" } as const;
