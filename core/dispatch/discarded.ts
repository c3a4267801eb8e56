import { ExitCode, RaError } from "../error.ts";
import type { RunState, TaskState } from "../run/state.ts";

/** True when a person discarded the work of a task that had not landed: nothing can bring it back. */
export function isLost({ discarded }: TaskState): boolean {
  return discarded?.unlanded === true;
}

/** What a command says that needs work which is gone: exit 2. `what`: the run or the task, as a person names it. */
export function discardedError(what: string, at: string): RaError {
  return new RaError({
    code: "WORK_DISCARDED",
    exitCode: ExitCode.usage,
    message: `the work of \`${what}\` was discarded by \`ra clean\` at ${at}`,
    hint: "start its plan anew with `ra dispatch`",
  });
}

/** Throws `RaError` (exit 2) when a command needs work of a run that was discarded before it landed. */
export function refuseDiscarded(state: RunState, wanted: readonly TaskState[]): void {
  const lost = wanted.find(isLost);
  if (lost?.discarded) throw discardedError(`${state.id}/${lost.task.id}`, lost.discarded.at);
}
