import { endedUnstarted } from "./table.ts";

/** Starts of one program at most. Each but the last was met by a signal of its own, so a person does not get there. */
const startsMax = 100;

/**
 * Starts a program by `spawn`, and again when it ended before it was that program: Ctrl-C and the end of the terminal go
 * to the whole process group of `ra`, so also to what is not yet in a session of its own. It has done nothing then.
 */
export function startWhole<C extends { readonly pid: number }>(spawn: () => C): C {
  for (let starts = 1; ; starts++) {
    const child = spawn();
    if (starts === startsMax || !endedUnstarted(child.pid)) return child;
  }
}
