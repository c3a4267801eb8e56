import { assert } from "../core/assert.ts";
import { ExitCode, RaError } from "../core/error.ts";
import { isAttended } from "../core/process/living.ts";
import type { Registry } from "../core/registry/registry.ts";
import type { RunState } from "../core/run/state.ts";
import { hasEnded } from "../core/run/task.ts";
import { demandTask } from "./address.ts";
import { refuseCrowd } from "./driven.ts";

/**
 * Lets a run that waits go on. `by`: who says so; `ended`: how many of its tasks had ended when they saw it wait, null: they do
 * not say. Throws `RaError` (exit 2) when it does not wait, or not there any more.
 */
export async function continueRun(
  registry: Registry,
  id: string,
  by: string,
  ended: number | null = null,
): Promise<void> {
  await registry.commit(id, ({ state }) => {
    if (state?.status === "paused" && ended !== null && ended !== endedIn(state)) {
      throw new RaError({
        code: "RUN_NOT_WAITING",
        exitCode: ExitCode.usage,
        message: `run \`${id}\` has gone on since`,
        hint: "look at what it waits for now",
      });
    }
    if (state?.status !== "paused") {
      throw new RaError({
        code: "RUN_NOT_WAITING",
        exitCode: ExitCode.usage,
        message: `run \`${id}\` does not wait for an answer; it ${words(state?.status)}`,
        hint: "see what waits with `ra ps`",
      });
    }
    if (!isAttended(state.owner)) {
      throw new RaError({
        code: "RUN_ABANDONED",
        exitCode: ExitCode.usage,
        message: `the \`ra\` that drove run \`${id}\` is gone`,
        hint: `go on with \`ra resume ${id}\``,
      });
    }
    refuseCrowd(state);
    return [{ type: "request.received", action: "continue", by }];
  });
}

function endedIn({ tasks }: RunState): number {
  return [...tasks.values()].filter(hasEnded).length;
}

function words(status: string | undefined): string {
  return status === "running" ? "is running" : `has ended: ${status}`;
}

/**
 * Asks the process that drives a run to end it, or one task of it. `by`: who says so. Throws `RaError` (exit 2) when there is
 * nothing to end.
 */
export async function stopRun(
  registry: Registry,
  {
    run: id,
    task,
    by,
  }: { readonly run: string; readonly task: string | null; readonly by: string },
): Promise<void> {
  await registry.commit(id, ({ state }) => {
    assert(state, `run ${id} is listed, but has no events`);
    const end = task === null ? null : demandTask(state, task);
    if (state.finishedAt !== null) throw refusal(`run \`${id}\` has ended: ${state.status}`);
    if (end?.finishedAt != null) throw refusal(`task \`${task}\` has ended: ${end.status}`);
    if (!isAttended(state.owner)) {
      throw refusal(
        `the \`ra\` that drove run \`${id}\` is gone, and nothing of it runs`,
        `go on with \`ra resume ${id}\``,
      );
    }
    refuseCrowd(state);
    return [{ type: "request.received", action: "stop", ...(task === null ? {} : { task }), by }];
  });
}

function refusal(message: string, hint = "see what runs with `ra ps`"): RaError {
  return new RaError({ code: "NOTHING_TO_STOP", exitCode: ExitCode.usage, message, hint });
}
