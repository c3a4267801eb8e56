import { hostname } from "node:os";
import type { RunOwner } from "../id.ts";
import { custody } from "./custody.ts";
import { bootId } from "./machine-key.ts";
import { isAlive, processIdentity } from "./table.ts";

/** What is known of the owner of a run. `elsewhere`: it is on another machine, so that nobody here can tell. */
export type Standing = "alive" | "dead" | "elsewhere";

/** This process as the owner of a run. */
export function thisOwner(): RunOwner {
  const boot = bootId();
  const cgroup = custody()?.cgroup ?? null;
  return {
    ...processIdentity(process.pid),
    host: hostname(),
    ...(boot === null ? {} : { boot }),
    ...(cgroup === null ? {} : { cgroup }),
  };
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
