import { existsSync } from "node:fs";
import { type Access, RegistryDatabase, registryPath } from "../core/registry/database.ts";
import type { Place } from "../core/workspace/place.ts";

/** The database of a place, for commands that only ask. Null where nothing has run yet: asking leaves no files. */
export async function recordedDatabase(
  { stateDir }: Place,
  access: Access = "look",
): Promise<RegistryDatabase | null> {
  return existsSync(registryPath(stateDir))
    ? RegistryDatabase.open(stateDir, undefined, access)
    : null;
}
