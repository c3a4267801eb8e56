import { lstatSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Captured } from "../process.ts";
import { type Checkout, inCheckout } from "./checkout.ts";
import { gitFailed } from "./git.ts";
import type { Site } from "./site.ts";
import type { TreeEntryChange } from "./tree-diff.ts";

/** Mode of a path that a tree does not have. */
const absentMode = "000000";

const gitlinkMode = "160000";

/**
 * True when every changed path stands in a checkout as the move leaves it, and is staged as it was or as it will be.
 * So it is after an attempt in place, and when `ra` was killed between the files and the branch.
 */
export async function holds(
  site: Site,
  checkout: Checkout,
  entries: readonly TreeEntryChange[],
): Promise<boolean> {
  const isLeft = ({ path, newMode }: TreeEntryChange): boolean =>
    newMode === absentMode && standsAt(checkout, path);
  if (entries.some(isLeft)) return false;
  const staged = await stagedEntries(site, checkout);
  const isExpected = (entry: TreeEntryChange): boolean => {
    const now = staged.get(entry.path) ?? null;
    return now === oldEntry(entry) || now === newEntry(entry);
  };
  if (!entries.every(isExpected)) return false;
  const written = entries.filter(({ newMode }) => newMode !== absentMode);
  return (await equalToNew(site, checkout, written)).size === written.length;
}

/** The lines that make an index say what the move leaves, for `writeIndex`. */
export function indexInfo(entries: readonly TreeEntryChange[]): string {
  const gone = entries.filter(({ newMode }) => newMode === absentMode);
  const there = entries.filter(({ newMode }) => newMode !== absentMode);
  // Deletions first: a directory may take the place of a file.
  return [
    ...gone.map(({ newId, path }) => `0 ${newId}\t${path}\0`),
    ...there.map((entry) => `${newEntry(entry)}\t${entry.path}\0`),
  ].join("");
}

/** Changes entries of an index and no file. */
export function writeIndex(
  site: Site,
  checkout: Checkout,
  input: string,
  index: string,
): Promise<Captured> {
  return inCheckout(site, checkout, ["update-index", "-z", "--index-info"], { input, index });
}

/**
 * Writes the files that a move adds, and enters them in an index. A file that the user has made there meanwhile stays and
 * fails it: `read-tree -u` looks first and replaces what stands there later, and the user may write in between.
 */
export async function createFiles(
  site: Site,
  checkout: Checkout,
  entries: readonly TreeEntryChange[],
  index: string,
): Promise<Captured> {
  const replaced = new Set(
    entries.filter(({ oldMode }) => oldMode !== absentMode).map(({ path }) => path),
  );
  const added = entries.filter(
    ({ path, oldMode, newMode }) =>
      oldMode === absentMode && newMode !== gitlinkMode && !isBelow(path, replaced),
  );
  if (added.length === 0) return { code: 0, stdout: "", stderr: "" };
  const made = await writeIndex(site, checkout, indexInfo(added), index);
  if (made.code !== 0) return made;
  const input = added.map(({ path }) => `${path}\0`).join("");
  return await inCheckout(site, checkout, ["checkout-index", "-u", "-z", "--stdin"], {
    input,
    index,
  });
}

/** True when a file of the set stands, or stood, where the path needs a directory. */
function isBelow(path: string, files: ReadonlySet<string>): boolean {
  for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) {
    if (files.has(path.slice(0, at))) return true;
  }
  return false;
}

/** After a move that git broke off half way: brings what it has changed back, and touches nothing else. */
export async function takeBackFiles(
  site: Site,
  checkout: Checkout,
  entries: readonly TreeEntryChange[],
): Promise<void> {
  const written = entries.filter(({ newMode }) => newMode !== absentMode);
  const moved = await equalToNew(site, checkout, written);
  for (const { path, oldMode } of written) {
    if (oldMode === absentMode && moved.has(path)) await rm(join(checkout.path, path));
  }
  const changed = entries.filter(
    ({ path, oldMode }) => oldMode !== absentMode && (moved.has(path) || !standsAt(checkout, path)),
  );
  if (changed.length === 0) return;
  const input = changed.map(({ path }) => `${path}\0`).join("");
  await inCheckout(site, checkout, ["checkout-index", "-f", "-q", "-z", "--stdin"], { input });
}

/** The paths whose files are what the move leaves there. */
async function equalToNew(
  site: Site,
  checkout: Checkout,
  written: readonly TreeEntryChange[],
): Promise<ReadonlySet<string>> {
  if (written.length === 0) return new Set();
  const index = join(site.indexDir, `publish.${crypto.randomUUID()}`);
  try {
    const made = await writeIndex(site, checkout, indexInfo(written), index);
    if (made.code !== 0) throw gitFailed(["update-index"], made);
    await inCheckout(site, checkout, ["update-index", "-q", "--refresh"], { index });
    const args = ["diff-files", "--name-only", "-z"];
    const done = await inCheckout(site, checkout, args, { index });
    if (done.code !== 0) throw gitFailed(args, done);
    const other = new Set(done.stdout.split("\0"));
    return new Set(written.map(({ path }) => path).filter((path) => !other.has(path)));
  } finally {
    await rm(index, { force: true });
  }
}

/** Mode and id of every path in the index of a checkout. Throws `RaError` (exit 6) when git cannot read it. */
export async function stagedEntries(site: Site, checkout: Checkout): Promise<Map<string, string>> {
  const args = ["ls-files", "--stage", "-z"];
  const done = await inCheckout(site, checkout, args);
  if (done.code !== 0) throw gitFailed(args, done);
  const staged = new Map<string, string>();
  for (const record of done.stdout.split("\0")) {
    const tab = record.indexOf("\t");
    const [mode, id] = record.slice(0, tab).split(" ");
    if (tab > 0) staged.set(record.slice(tab + 1), `${mode} ${id}`);
  }
  return staged;
}

function oldEntry({ oldMode, oldId }: TreeEntryChange): string | null {
  return oldMode === absentMode ? null : `${oldMode} ${oldId}`;
}

function newEntry({ newMode, newId }: TreeEntryChange): string | null {
  return newMode === absentMode ? null : `${newMode} ${newId}`;
}

function standsAt(checkout: Checkout, path: string): boolean {
  try {
    return lstatSync(join(checkout.path, path), { throwIfNoEntry: false }) !== undefined;
  } catch {
    // A file stands where the path has a directory.
    return false;
  }
}
