import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isRealDirectory, listAgentDirectory, readAgentFile } from "./agent-file.ts";
import { type GitConfig, lastValue } from "./control.ts";
import { reftableName } from "./durable.ts";
import type { Site } from "./site.ts";

/** Tables of one directory, and bytes of one of them, that are read. Git keeps few and merges them by itself. */
const tablesMax = 256;
const tableBytesMax = 16_777_216;

const tableName = /^(?:tables\.list|0x[0-9a-f]{12}-0x[0-9a-f]{12}-[0-9a-f]{8}\.ref)$/;

/** What is needed to read reftables. */
export type TableSite = Pick<Site, "control" | "quarantine" | "config">;

/** True for a git directory that keeps its refs in tables. */
export function hasTables(gitDir: string): Promise<boolean> {
  return isRealDirectory(join(gitDir, reftableName));
}

/**
 * Refs and logs of a git directory with tables, as files in a directory of `ra`'s own that goes when it is disposed of: git
 * unpacks a copy of the tables there, under a configuration that nobody else wrote. Null where that git cannot: older than
 * 2.46, or 2.48 where there are logs, or the tables are damaged.
 */
export async function unpackTables(
  site: TableSite,
  gitDir: string,
): Promise<({ readonly dir: string } & AsyncDisposable) | null> {
  const dir = join(await site.quarantine.directory(), `refs-${crypto.randomUUID()}`);
  const discard = (): Promise<void> => rm(dir, { recursive: true, force: true });
  let isUnpacked = false;
  try {
    await copyTables(gitDir, dir, site.config);
    const args = ["refs", "migrate", "--ref-format=files"];
    const done = await site.control.attempt(args, { env: { GIT_DIR: dir } });
    isUnpacked = done.code === 0;
  } finally {
    if (!isUnpacked) await discard();
  }
  return isUnpacked ? { dir, [Symbol.asyncDispose]: discard } : null;
}

async function copyTables(from: string, to: string, config: GitConfig): Promise<void> {
  for (const name of ["objects", "refs", reftableName]) {
    await mkdir(join(to, name), { recursive: true });
  }
  await writeFile(join(to, "HEAD"), "ref: refs/heads/.invalid\n");
  await writeFile(join(to, "refs", "heads"), "this repository uses the reftable format\n");
  await writeFile(join(to, "config"), configOf(config));
  const entries = await listAgentDirectory(join(from, reftableName));
  for (const { name } of entries.filter(({ name }) => tableName.test(name)).slice(0, tablesMax)) {
    const table = await readAgentFile(join(from, reftableName, name), tableBytesMax);
    if (table === null || table.cut) continue;
    await writeFile(join(to, reftableName, name), table.text, "latin1");
  }
}

/** Ids of a nested repository are as long as those of the one around it, or git takes neither. */
function configOf(config: GitConfig): string {
  const format = lastValue(config, "extensions.objectformat") ?? "sha1";
  return `[core]\n\trepositoryFormatVersion = 1\n\tbare = true\n[extensions]\n\trefStorage = reftable\n\tobjectFormat = ${format}\n`;
}
