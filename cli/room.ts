import { systemClock } from "../core/clock.ts";
import { freeBytes } from "../core/disk-space.ts";
import type { Place } from "../core/workspace/place.ts";
import type { Terminal } from "./command.ts";
import { say } from "./say.ts";
import { bytes } from "./view/text.ts";

/** Free bytes that putting a broken-off run in order takes: what its workspaces hold becomes objects. */
const recoveryBytes = 16 * 1024 * 1024;

/** How often the disk is asked, in milliseconds. */
const lookMs = 500;

/** Waits until there is room to take a run over where the registry and git's objects are, and says so. */
export async function untilRoom(terminal: Terminal, { stateDir }: Place): Promise<void> {
  const free = freeBytes(stateDir);
  if (free >= recoveryBytes) return;
  const [there, needed] = [bytes(free), bytes(recoveryBytes)];
  say(terminal, `the disk of \`${stateDir}\` has ${there} free: waiting for ${needed}`);
  say(terminal, "free some space, for instance with `ra clean`; Ctrl-C ends the wait");
  while (freeBytes(stateDir) < recoveryBytes) await systemClock.sleep(lookMs);
}
