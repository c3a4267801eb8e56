import { hostname } from "node:os";
import type { RunOwner } from "../id.ts";
import { bootId } from "./boot-id.ts";
import { custody } from "./custody.ts";
import { processIdentity } from "./table.ts";

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
