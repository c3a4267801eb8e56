import { existsSync } from "node:fs";
import { ExitCode, RaError } from "../core/error.ts";
import { type Access, registryPath } from "../core/registry/database.ts";
import { Registry } from "../core/registry/registry.ts";
import type { Place } from "../core/workspace/place.ts";

/** The registry of a place, for commands that only ask. Null where nothing has run yet: asking leaves no files. */
export async function openRecorded(
  place: Place,
  access: Access = "look",
): Promise<Registry | null> {
  return existsSync(registryPath(place.stateDir)) ? Registry.open(place, { access }) : null;
}

/** As `openRecorded`, for commands that name a run. Throws `RaError` (exit 2) where nothing has run yet. */
export async function demandRecorded(place: Place, access: Access = "look"): Promise<Registry> {
  const registry = await openRecorded(place, access);
  if (registry) return registry;
  throw new RaError({
    code: "RUN_NONE",
    exitCode: ExitCode.usage,
    message: "there are no runs here yet",
    hint: "start one with `ra dispatch PLAN`",
  });
}
