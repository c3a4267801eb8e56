import { ExitCode, RaError } from "../core/error.ts";
import type { Access } from "../core/registry/database.ts";
import { Registry } from "../core/registry/registry.ts";
import type { Place } from "../core/workspace/place.ts";
import { recordedDatabase } from "./recorded-database.ts";

/** The registry of a place, for commands that only ask. Null where nothing has run yet: asking leaves no files. */
export async function openRecorded(
  place: Place,
  access: Access = "look",
): Promise<Registry | null> {
  const database = await recordedDatabase(place, access);
  return database && Registry.on(database);
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
