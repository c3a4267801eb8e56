import { ExitCode, RaError } from "../../core/error.ts";
import { mayBeTried } from "../../core/run/resume.ts";
import { rootCause } from "../../core/run/root-cause.ts";
import type { RunState, TaskState } from "../../core/run/state.ts";
import { demandTask, splitAddress } from "../address.ts";
import type { CommandBody } from "../command.ts";
import { goOn } from "./resume.ts";

/** `ra retry RUN[/TASK]`: goes on with a run and tries what failed in it anew, with what was skipped for it. */
export const run: CommandBody = async ({ terminal, args, options }) => {
  const { run, task } = splitAddress(args[0] ?? "");
  const retriesOf = (state: RunState): readonly string[] =>
    task === null ? allFailed(state) : [demandFailed(state, demandTask(state, task))];
  return await goOn({ terminal, args: [run], options }, { retriesOf });
};

function allFailed(state: RunState): readonly string[] {
  const failed = [...state.tasks.values()].filter(mayBeTried).map(({ task }) => task.id);
  if (failed.length > 0) return failed;
  throw refusal(`no task of run \`${state.id}\` has failed or was stopped`);
}

function demandFailed(state: RunState, named: TaskState): string {
  const { id } = named.task;
  if (mayBeTried(named)) return id;
  const cause = rootCause(state, named)?.task.id;
  if (named.status === "skipped" && cause !== undefined) {
    throw refusal(
      `task \`${id}\` was skipped because of \`${cause}\``,
      `\`ra retry ${state.id}/${cause}\` tries that, and then this`,
    );
  }
  if (named.status === "done") {
    throw refusal(
      `task \`${id}\` is done`,
      `take it back with \`ra rollback ${state.id}/${id}\`, and start it anew with \`ra dispatch PLAN --only ${id}\``,
    );
  }
  throw refusal(`task \`${id}\` has not ended`, `\`ra resume ${state.id}\` goes on with it`);
}

function refusal(message: string, hint?: string): RaError {
  return new RaError({
    code: "NOTHING_TO_RETRY",
    exitCode: ExitCode.usage,
    message,
    ...(hint === undefined ? {} : { hint }),
  });
}
