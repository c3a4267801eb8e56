import { hostname } from "node:os";
import type { ProcessIdentity, RunOwner } from "../id.ts";
import { bootId } from "./boot-id.ts";
import { isAlive } from "./table.ts";

/** Who is alive. */
export interface Living {
  isAlive(identity: ProcessIdentity): boolean;
  /** True unless the owner of a run is dead for certain. */
  isAttended(owner: RunOwner): boolean;
}

/** What is known of the owner of a run. `elsewhere`: it is on another machine, so that nobody here can tell. */
export type Standing = "alive" | "dead" | "elsewhere";

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

/** Who is alive on the machine this process runs on. */
export const livingHere: Living = { isAlive, isAttended };
