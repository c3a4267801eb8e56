import { ExitCode, RaError } from "../core/error.ts";
import { limits } from "../core/limits.ts";
import { standingOf } from "../core/process/living.ts";
import { thisOwner } from "../core/process/owner.ts";
import { readProcess } from "../core/process/table.ts";
import type { Hold } from "../core/run/model.ts";
import type { RunState } from "../core/run/state.ts";

/** The command of another process that works on the run, and may still be alive; null: none. */
export function holdOf({ hold }: RunState): Hold | null {
  if (hold === null || standingOf(hold.owner) === "dead") return null;
  const { pid, host } = thisOwner();
  return hold.owner.pid === pid && hold.owner.host === host ? null : hold;
}

/** Throws `RaError` (exit 6) when so many requests wait that the process that drives the run obeys none of them. */
export function refuseCrowd({ id, owner, requests }: RunState): void {
  if (requests.length < limits.requests) return;
  throw new RaError({
    code: "REQUESTS_FULL",
    exitCode: ExitCode.environment,
    message: `${requests.length} requests wait for run \`${id}\`, which is the most: process ${owner.pid} does not obey them`,
    hint: here(id, owner.pid),
  });
}

/** Throws `RaError` (exit 6) while another process drives the run or may do so on another machine, and names it. */
export function refuseDriven(state: RunState): void {
  const hold = holdOf(state);
  if (hold !== null) throw held(state.id, hold);
  const { id, owner, ownedSince, finishedAt } = state;
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

const doing: Readonly<Record<Hold["by"], string>> = {
  land: "landed",
  rollback: "taken back",
  clean: "cleaned up",
};

function held(id: string, { owner, by, since }: Hold): RaError {
  const where = owner.host === undefined ? "" : ` on \`${owner.host}\``;
  return new RaError({
    code: "RUN_HELD",
    exitCode: ExitCode.environment,
    message: `run \`${id}\` is being ${doing[by]} by process ${owner.pid}${where} since ${since}`,
    hint: `wait until that \`ra ${by}\` has ended, and run the command again`,
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
