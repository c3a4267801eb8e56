import { assert } from "../core/assert.ts";
import { ExitCode, RaError } from "../core/error.ts";
import { findRun } from "../core/registry/find-run.ts";
import type { Registry } from "../core/registry/registry.ts";
import type { RunState, TaskState } from "../core/run/state.ts";
import type { Place } from "../core/workspace/place.ts";
import { openRepository } from "../core/workspace/repository.ts";
import type { GitRepository } from "../core/workspace/workspace.ts";
import { demandTask, splitAddress } from "./address.ts";
import type { Terminal } from "./command.ts";
import { keepCustody } from "./custody.ts";

/** A run, or one task of it, that a person names. */
export interface NamedRun {
  readonly state: RunState;
  readonly task: TaskState | null;
}

/** The run that `RUN` or `RUN/TASK` names. Throws `RaError` (exit 2) when there is none. */
export async function namedRun(registry: Registry, text: string): Promise<NamedRun> {
  const address = splitAddress(text);
  const id = findRun(registry.database, address.run);
  const state = await registry.state(id);
  assert(state, `run ${id} is listed, but has no events`);
  return { state, task: address.task === null ? null : demandTask(state, address.task) };
}

/** The repository a run worked on, and its target. Throws `RaError` (exit 2) when the run needed no git. */
export async function groundOf(
  terminal: Pick<Terminal, "env">,
  place: Place,
  state: RunState,
  access: { readonly readOnly: boolean },
): Promise<{ readonly repository: GitRepository; readonly target: string }> {
  const { id, target } = state;
  if (target === null) {
    throw new RaError({
      code: "RUN_WITHOUT_GIT",
      exitCode: ExitCode.usage,
      message: `run \`${id}\` worked without git, so it has no commits`,
    });
  }
  if (!access.readOnly) keepCustody(terminal, place);
  return { repository: await openRepository(place, { env: terminal.env, ...access }), target };
}

/** What is thrown when a person ended a command while it checked: nothing has changed. */
export function interrupted(): RaError {
  return new RaError({
    code: "INTERRUPTED",
    exitCode: ExitCode.interrupted,
    message: "ended by a signal while the checks ran",
    hint: "nothing has changed",
  });
}
