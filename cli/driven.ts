import { ExitCode, RaError } from "../core/error.ts";
import { isAlive } from "../core/process/table.ts";
import type { RunState } from "../core/run/state.ts";

/** Throws `RaError` (exit 6) while a living process drives the run, and names it. */
export function refuseDriven({ id, owner, finishedAt }: RunState): void {
  if (finishedAt !== null || !isAlive(owner)) return;
  throw new RaError({
    code: "RUN_DRIVEN",
    exitCode: ExitCode.environment,
    message: `run \`${id}\` is being driven by process ${owner.pid}`,
    hint: `stop it first with \`ra stop ${id}\``,
  });
}
