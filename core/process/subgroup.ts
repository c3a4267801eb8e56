import { dirname } from "node:path";
import { endGroup, isIdle, makeSubgroup, removeGroup } from "./cgroup.ts";
import type { Survivor } from "./tree.ts";

/**
 * Groups that stand empty. To make one and to remove it costs the kernel more than a short command does, so those in which
 * nothing is left are used again.
 */
const idle: string[] = [];

let count = 0;

/** A group below that of this process, for one program and all that it starts. */
export class Subgroup {
  readonly directory: string;
  /** `over`: everything in it was gone when it was asked to end; by now it may be another program's. */
  #state: "in use" | "ending" | "over" = "in use";

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** `processesMax`: how many processes it may hold. Throws what the system throws when there are too many, or when somebody took the group of this process away. */
  static take(group: string, processesMax?: number): Subgroup {
    const known = idle.findLastIndex((directory) => dirname(directory) === group);
    const [directory] = known === -1 ? [] : idle.splice(known, 1);
    // Somebody may have removed it, or have told it to stand still.
    if (directory !== undefined && isIdle(directory)) return new Subgroup(directory);
    count += 1;
    return new Subgroup(makeSubgroup(group, `program.${count}`, processesMax));
  }

  /** To be called when nothing could be started in it. */
  remove(): void {
    this.#state = "over";
    removeGroup(this.directory);
  }

  /** As `endGroup`. Once everything is gone it ends nothing: who comes next may be in there. */
  async end(graceMs: number): Promise<readonly Survivor[]> {
    if (this.#state === "over") return [];
    if (this.#state === "in use" && isIdle(this.directory)) {
      this.#state = "over";
      idle.push(this.directory);
      return [];
    }
    this.#state = "ending";
    return await endGroup(this.directory, graceMs);
  }
}
