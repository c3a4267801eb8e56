import { ExitCode, RaError } from "../../core/error.ts";
import { isAttended } from "../../core/process/living.ts";
import { findRun } from "../../core/registry/find-run.ts";
import { findPlace } from "../../core/workspace/place.ts";
import type { CommandBody } from "../command.ts";
import { refuseCrowd } from "../driven.ts";
import { demandRecorded } from "../recorded.ts";

/** `ra continue RUN`: answers a run that waits. */
export const run: CommandBody = async ({ terminal, args }) => {
  await using registry = await demandRecorded(findPlace(terminal.cwd), "write");
  const id = findRun(registry.database, args[0] ?? "");
  await registry.commit(id, ({ state }) => {
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
    return [{ type: "request.received", action: "continue", by: "ra continue" }];
  });
  terminal.err(`ra: ${id} goes on\n`);
  return ExitCode.ok;
};

function words(status: string | undefined): string {
  return status === "running" ? "is running" : `has ended: ${status}`;
}
