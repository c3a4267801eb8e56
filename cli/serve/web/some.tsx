import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { TaskState } from "../../../core/run/state.ts";
import { hasEnded } from "../../../core/run/task.ts";

/** Rows that are drawn unless somebody asks for all: a plan may have 10,000 tasks. */
const shownMax = 300;

/** The first of many, and a button for the rest. */
export function Some<T>({
  of,
  children,
}: {
  readonly of: readonly T[];
  readonly children: (shown: readonly T[]) => ComponentChildren;
}) {
  const [isWhole, setWhole] = useState(false);
  const isCut = !isWhole && of.length > shownMax;
  return (
    <>
      {children(isCut ? of.slice(0, shownMax) : of)}
      {isCut ? (
        <button type="button" onClick={() => setWhole(true)}>
          Show all {of.length}
        </button>
      ) : null}
    </>
  );
}

/** Tasks that need you first, then what failed, what is at work, what is to come, and what has ended. */
export function byNeed(tasks: Iterable<TaskState>): readonly TaskState[] {
  return [...tasks].sort((a, b) => rank(a) - rank(b));
}

function rank(task: TaskState): number {
  if (task.status === "needs-you") return 0;
  if (task.status === "error") return 1;
  if (hasEnded(task)) return 4;
  return task.attempts.length > 0 ? 2 : 3;
}
