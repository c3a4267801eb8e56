/** The number of the newest migration: what `pragma user_version` says of a registry that is up to date. */
export const registryFormat = 7;

/** The name under which Kysely's migrator records a migration; names sort as their numbers do. */
export function migrationName(format: number): string {
  return String(format).padStart(4, "0");
}
