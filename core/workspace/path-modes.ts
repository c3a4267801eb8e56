import { lstatSync, type Stats } from "node:fs";
import { chmod, mkdir, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TreeEntryChange } from "./tree-diff.ts";

/** What of some paths and the directories above them git does not keep: their modes, and whether they are there. */
export interface PathModes {
  /** Once the files are back: brings modes and empty directories back, and removes directories that are new. */
  restore(): Promise<void>;
}

/** Looks at the changed paths of a checkout before a move that may have to be undone. */
export function modesOf(root: string, entries: readonly TreeEntryChange[]): PathModes {
  const directories = new Set<string>();
  for (const { path } of entries) {
    for (let up = dirname(path); up !== "."; up = dirname(up)) directories.add(up);
  }
  const paths = [...directories, ...entries.map(({ path }) => path)];
  const found = new Map<string, number | null>();
  for (const path of paths) {
    const stat = statOf(join(root, path));
    // The mode of a link is nobody's choice.
    if (!stat?.isSymbolicLink()) found.set(path, stat === null ? null : stat.mode & 0o7777);
  }
  return {
    async restore() {
      // Outer directories first when they are made, inner ones first when they go.
      const ordered = [...directories].sort();
      for (const path of ordered.toReversed()) {
        if (found.get(path) === null) await rmdir(join(root, path)).catch(() => undefined);
      }
      for (const path of ordered) {
        if (found.get(path) != null) await mkdir(join(root, path)).catch(() => undefined);
      }
      for (const [path, mode] of found) {
        if (mode !== null) await chmod(join(root, path), mode).catch(() => undefined);
      }
    },
  };
}

function statOf(path: string): Stats | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    // A file stands where the path has a directory.
    return null;
  }
}
