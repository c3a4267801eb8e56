import { closeSync } from "node:fs";
import { constants } from "node:os";
import type { ProcessIdentity } from "../id.ts";
import { libc } from "./libc.ts";
import { readProcess } from "./table.ts";

/**
 * Sends a signal to that very process, and never to a later one with its pid: where the kernel can, through a
 * descriptor that was opened before the start time was compared. False when it is gone or may not be signalled.
 */
export function signalProcess(identity: ProcessIdentity, name: NodeJS.Signals): boolean {
  const { pid, startTicks } = identity;
  if (pid <= 1 || pid === process.pid || startTicks === null) return false;
  const system = libc();
  const descriptor = system === null ? -1 : system.pidfdOpen(pid);
  try {
    if (readProcess(pid)?.startTicks !== startTicks) return false;
    if (system !== null && descriptor >= 0)
      return system.pidfdSignal(descriptor, constants.signals[name]) === 0;
    return kill(pid, name);
  } finally {
    if (descriptor >= 0) closeSync(descriptor);
  }
}

/** Sends a signal to a pid, or to a group when it is negative. False when nothing was reached. */
export function kill(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    // Gone in the meantime, or not ours to signal: the next look tells which.
    return false;
  }
}
