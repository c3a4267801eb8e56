import { existsSync } from "node:fs";
import { join } from "node:path";
import { killGroup, members, pidsFile } from "./cgroup.ts";

/** How often a group is looked at, in milliseconds: a bomb of forks has some thousand processes by then. */
const lookMs = 200;

/** Keeps the number of processes in a group down. */
export interface CrowdWatch {
  /** Ends the watch. Gives why the group was ended; undefined when it was not. */
  stop(): string | undefined;
}

/**
 * Ends a group as a whole that has more than `max` processes, where the kernel does not keep it below that: groups above
 * that pass the controller `pids` on are rare outside of systemd's own units.
 */
export function watchCrowd(cgroup: string, max: number): CrowdWatch {
  if (existsSync(join(cgroup, pidsFile))) return { stop: () => undefined };
  let overrun: string | undefined;
  const timer = setInterval(() => {
    const count = members(cgroup).length;
    if (count <= max) return;
    overrun ??= `it had ${count} processes at a time, and ${max} is the most (\`processes\` in a config)`;
    killGroup(cgroup);
  }, lookMs);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      return overrun;
    },
  };
}
