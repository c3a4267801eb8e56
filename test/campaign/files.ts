import type { ObjectStore, TreeName } from "./object-store.ts";

/** One file of a tree: `100644`, `100755`, `120000` (data is where the link points) or `160000` (data is a commit id). */
export interface Entry {
  readonly mode: string;
  /** One character a byte. */
  readonly data: string;
}

/** A tree in memory, by path. Never changed in place by who did not make it. */
export type Files = Map<string, Entry>;

/** Writes a tree with all below it, and gives its id. */
export function writeTree(store: ObjectStore, files: Files): string {
  const names: TreeName[] = [];
  const below = new Map<string, Files>();
  for (const [path, entry] of files) {
    const slash = path.indexOf("/");
    if (slash < 0) {
      names.push({ mode: entry.mode, name: path, id: entryId(store, entry) });
      continue;
    }
    const name = path.slice(0, slash);
    const inside = below.get(name) ?? new Map();
    inside.set(path.slice(slash + 1), entry);
    below.set(name, inside);
  }
  for (const [name, inside] of below) {
    names.push({ mode: "40000", name, id: writeTree(store, inside) });
  }
  return store.tree(names);
}

/** True when a file can stand at a path: nothing is there, no file is above it and none below. */
export function isFree(files: Files, path: string): boolean {
  const parts = path.split("/");
  for (let depth = 1; depth <= parts.length; depth++) {
    if (files.has(parts.slice(0, depth).join("/"))) return false;
  }
  for (const other of files.keys()) if (other.startsWith(`${path}/`)) return false;
  return true;
}

/** Paths at which two trees differ, in mode or content, in order. */
export function changedBetween(before: Files, after: Files): string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => !same(before.get(path), after.get(path))).sort();
}

/** True for two entries, or two absences, that are alike. */
export function same(one: Entry | undefined, other: Entry | undefined): boolean {
  return one?.mode === other?.mode && one?.data === other?.data;
}

/** The `.gitattributes` files of a tree, which decide how git merges. */
export function attributesOf(files: Files): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [path, { mode, data }] of files) {
    const regular = mode === "100644" || mode === "100755";
    if (regular && /(^|\/)\.gitattributes$/.test(path)) found.set(path, data);
  }
  return found;
}

function entryId(store: ObjectStore, { mode, data }: Entry): string {
  return mode === "160000" ? data : store.blob(Buffer.from(data, "latin1"));
}
