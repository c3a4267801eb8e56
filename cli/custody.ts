import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import { modeVariable, setPlace, takeCustody } from "../core/process/custody.ts";
import type { Place } from "../core/workspace/place.ts";
import type { Terminal } from "./command.ts";

/** How this program starts itself: a binary by its own name, or Bun with the main file. */
export const self: readonly [string, ...string[]] = Bun.isStandaloneExecutable
  ? ["/proc/self/exe"]
  : [process.execPath, Bun.main];

/** From now on, whatever this process starts for the runs of a place ends with it. */
export function keepCustody(
  { env }: Pick<Terminal, "env">,
  { stateDir }: Pick<Place, "stateDir">,
): void {
  // The directory itself may not be there yet.
  setPlace(realpathSync(dirname(stateDir)));
  takeCustody(self, env[modeVariable]);
}
