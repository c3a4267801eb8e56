import { ExitCode, RaError } from "../core/error.ts";
import { standingOf } from "../core/process/owner.ts";
import { readProcess } from "../core/process/table.ts";
import type { RunState } from "../core/run/state.ts";

/** Throws `RaError` (exit 6) while another process drives the run or may do so on another machine, and names it. */
export function refuseDriven({ id, owner, ownedSince, finishedAt }: RunState): void {
  if (finishedAt !== null) return;
  const standing = standingOf(owner);
  if (standing === "dead") return;
  const where = owner.host === undefined ? "" : ` on \`${owner.host}\``;
  const message = `run \`${id}\` is being driven by process ${owner.pid}${where} since ${ownedSince}`;
  throw new RaError({
    code: "RUN_DRIVEN",
    exitCode: ExitCode.environment,
    message:
      standing === "elsewhere"
        ? `${message}; whether it still runs cannot be told from here`
        : message,
    hint: standing === "elsewhere" ? elsewhere(id) : here(id, owner.pid),
  });
}

function elsewhere(id: string): string {
  return `end it there; if it is gone for certain, take the run with \`ra resume ${id} --take-over\``;
}

function here(id: string, pid: number): string {
  const isStopped = readProcess(pid)?.state === "T";
  return isStopped
    ? `it is suspended: let it go on with \`kill -CONT ${pid}\`, or end it with \`kill ${pid}\` first`
    : `stop it first with \`ra stop ${id}\``;
}
