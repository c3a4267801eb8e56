import { ExitCode } from "../../core/error.ts";
import { findRun } from "../../core/registry/find-run.ts";
import { findPlace } from "../../core/workspace/place.ts";
import { splitAddress } from "../address.ts";
import type { CommandBody } from "../command.ts";
import { demandRecorded } from "../recorded.ts";
import { say } from "../say.ts";
import { stopRun } from "../steering.ts";

/** `ra stop RUN[/TASK]`: asks the process that drives the run to end it, or one task of it. */
export const run: CommandBody = async ({ terminal, args }) => {
  const address = splitAddress(args[0] ?? "");
  await using registry = await demandRecorded(findPlace(terminal.cwd), "write");
  const id = findRun(registry.database, address.run);
  const { task } = address;
  await stopRun(registry, { run: id, task, by: "ra stop" });
  const what = task === null ? id : `${id}/${task}`;
  say(terminal, `${what} is being ended; its work is kept`);
  return ExitCode.ok;
};
