import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { RunOwner } from "../id.ts";
import { isAlive, processIdentity } from "./table.ts";

/** What is known of the owner of a run. `elsewhere`: it is on another machine, so that nobody here can tell. */
export type Standing = "alive" | "dead" | "elsewhere";

/** This process as the owner of a run. */
export function thisOwner(): RunOwner {
  const boot = bootId();
  const own = { ...processIdentity(process.pid), host: hostname() };
  return boot === null ? own : { ...own, boot };
}

/** Judges an owner by its machine, its boot and its process, in this order. */
export function standingOf(owner: RunOwner): Standing {
  const { host, boot } = owner;
  const now = bootId();
  const sameBoot = boot !== undefined && boot === now;
  if (host !== undefined && host !== hostname()) {
    // In a container on this machine the kernel is the same, but process ids are others.
    return sameBoot && isAlive(owner) ? "alive" : "elsewhere";
  }
  if (boot !== undefined && now !== null && boot !== now) return "dead";
  return isAlive(owner) ? "alive" : "dead";
}

/** True unless the owner is dead for certain. */
export function isAttended(owner: RunOwner): boolean {
  return standingOf(owner) !== "dead";
}

let known: string | null | undefined;

/** The kernel's name for the time since this machine started; null where there is none. */
function bootId(): string | null {
  if (known === undefined) {
    try {
      known = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    } catch {
      known = null;
    }
  }
  return known;
}
