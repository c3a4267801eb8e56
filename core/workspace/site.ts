import type { Mutex } from "../mutex.ts";
import type { GitConfig } from "./control.ts";
import type { Git } from "./git.ts";
import type { Layout, Trash } from "./layout.ts";
import type { ObjectReader } from "./object-reader.ts";
import type { Place } from "./place.ts";
import type { Quarantine } from "./quarantine.ts";
import type { Refs } from "./refs.ts";
import type { ResultLimits } from "./result-size.ts";

/** One repository and the ways into it, shared by the files of this room. */
export interface Site {
  readonly place: Place & { readonly commonDir: string };
  /** Git on the user's repository: refs, and the user's checkouts. Never on an agent's files. */
  readonly user: Git;
  /** Git on the control repository: everything that touches content or a work tree. */
  readonly control: Git;
  /** Directory for `ra`'s private index files. */
  readonly indexDir: string;
  readonly config: GitConfig;
  readonly version: readonly [number, number];
  readonly layout: Layout;
  readonly trash: Trash;
  readonly refs: Refs;
  readonly objects: ObjectReader;
  /** What one result may come to. */
  readonly results: ResultLimits;
  /** Merges that nobody has kept yet. */
  readonly quarantine: Quarantine;
  /** Held while git's list of linked worktrees changes: git itself is not safe there. */
  readonly worktreeList: Mutex;
}
