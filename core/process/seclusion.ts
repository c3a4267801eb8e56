import { libc } from "./libc.ts";

/** `PR_SET_DUMPABLE` of Linux. */
const setDumpable = 4;

/**
 * Closes `/proc/<pid>/environ`, `mem` and `fd` of this process to other programs of the same user, for good: an agent
 * could read there what its own environment does not hold. Root still may. Nobody can attach a debugger any more, and
 * there are no core dumps. False where the system has no such thing.
 */
export async function seclude(): Promise<boolean> {
  return libc()?.prctl(setDumpable, 0) === 0;
}
