import { useState } from "preact/hooks";
import type { Event } from "../../../core/run/event.ts";
import type { RunState, TaskState } from "../../../core/run/state.ts";
import { hasEnded } from "../../../core/run/task.ts";
import { Confirm, type Foreseen } from "./confirm.tsx";
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
  // What failed stays failed: going on does what has not ended.
  const isOpen = state.finishedAt === null || ["interrupted", "stopped"].includes(state.status);
  const isThere = onTarget(state, events);
  const tasks = [...state.tasks.values()];
  const isKept = tasks.some((task) => isWaiting(task, isThere));
  const taken = tasks.some(isThere) ? [rolledBack(state.id)] : [];
  // The same element as above: what was said of the last deed stays when the run changes by it.
  return <Actions of={[...left(state.id, isOpen, isKept), ...taken]} />;
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
  const taken = isThere(task) ? [rolledBack(state.id, id)] : [];
  return <Actions of={[...(isLeft ? [landed(state.id, id)] : []), ...taken]} />;
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

/** Buttons, of which each names the command that does the same, and what came of the last one, which outlives its button. */
function Actions({ of: deeds }: { readonly of: readonly Deed[] }) {
  const { busy, said, act } = useAct();
  const [asked, setAsked] = useState<{ deed: Deed; foreseen: Foreseen } | null>(null);
  if (deeds.length === 0 && said === null) return null;
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
  return (
    <div class="actions">
      {deeds.map((deed) => (
        <button
          key={deed.name}
          type="button"
          class={deed.kind}
          data-key={keyOf(deed)}
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

/** To take back what has landed is no answer to what is selected. */
function keyOf({ kind, foreseen }: Deed): "a" | "d" | undefined {
  if (kind === undefined || foreseen !== undefined) return undefined;
  return kind === "allow" ? "a" : "d";
}
