import type { RunState } from "../../../core/run/state.ts";
import { byNeed, Some } from "./some.tsx";
import { useNow } from "./told.ts";
import { between, reasonOf, Status } from "./words.tsx";

/** The tasks of a run, those first that need you, then those at work. */
export function TaskTable({ state }: { readonly state: RunState }) {
  const now = useNow(state.finishedAt === null);
  return (
    <Some of={byNeed(state.tasks.values())}>
      {(tasks) => (
        <ul class="rows">
          {tasks.map((task) => {
            const { id, description, runner } = task.task;
            const attempt = task.attempts.at(-1);
            return (
              <li key={id}>
                <a class="row" href={`/r/${state.id}/t/${id}`} data-item>
                  <Status of={task.status} />
                  <b>{id}</b>
                  <span>{attempt?.runner ?? runner}</span>
                  <span>
                    {attempt === undefined
                      ? ""
                      : between(attempt.startedAt, attempt.finishedAt ?? task.finishedAt, now)}
                  </span>
                  <span class="wide">{reasonOf(task) || description}</span>
                </a>
              </li>
            );
          })}
        </ul>
      )}
    </Some>
  );
}
