import { ExitCode } from "../../core/error.ts";
import { findRun } from "../../core/registry/find-run.ts";
import { findPlace } from "../../core/workspace/place.ts";
import type { CommandBody } from "../command.ts";
import { demandRecorded } from "../recorded.ts";
import { say } from "../say.ts";
import { continueRun } from "../steering.ts";

/** `ra continue RUN`: answers a run that waits. */
export const run: CommandBody = async ({ terminal, args }) => {
  await using registry = await demandRecorded(findPlace(terminal.cwd), "write");
  const id = findRun(registry.database, args[0] ?? "");
  await continueRun(registry, id, "ra continue");
  say(terminal, `${id} goes on`);
  return ExitCode.ok;
};
