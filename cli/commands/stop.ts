import { assert } from "../../core/assert.ts";
import { ExitCode, RaError } from "../../core/error.ts";
import { isAttended } from "../../core/process/living.ts";
import { findRun } from "../../core/registry/find-run.ts";
import { findPlace } from "../../core/workspace/place.ts";
import { demandTask, splitAddress } from "../address.ts";
import type { CommandBody } from "../command.ts";
import { refuseCrowd } from "../driven.ts";
import { demandRecorded } from "../recorded.ts";

/** `ra stop RUN[/TASK]`: asks the process that drives the run to end it, or one task of it. */
export const run: CommandBody = async ({ terminal, args }) => {
  const address = splitAddress(args[0] ?? "");
  await using registry = await demandRecorded(findPlace(terminal.cwd), "write");
  const id = findRun(registry.database, address.run);
  const { task } = address;
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
    return [
      {
        type: "request.received",
        action: "stop",
        ...(task === null ? {} : { task }),
        by: "ra stop",
      },
    ];
  });
  const what = task === null ? id : `${id}/${task}`;
  terminal.err(`ra: ${what} is being ended; its work is kept\n`);
  return ExitCode.ok;
};

function refusal(message: string, hint = "see what runs with `ra ps`"): RaError {
  return new RaError({ code: "NOTHING_TO_STOP", exitCode: ExitCode.usage, message, hint });
}
