/** A tree: contents by path. */
export type Tree = ReadonlyMap<string, string>;

export interface Commit {
  readonly id: string;
  readonly tree: string;
  readonly parent: string | null;
  readonly message: string;
  /** The driver in whose quarantine it is; null: it is in the store. */
  quarantine: number | null;
  isSynced: boolean;
}

interface Ref {
  value: string | null;
  synced: string | null;
}

/** A move of the target, as whoever watches its reflog sees it. */
export interface TargetMove {
  readonly from: string | null;
  readonly to: string | null;
  readonly by: "user" | "ra";
}

/** The objects and refs of a repository, with what of them a power cut would leave. */
export class Store {
  readonly commits = new Map<string, Commit>();
  readonly trees = new Map<string, Tree>();
  readonly refs = new Map<string, Ref>();
  readonly moves: TargetMove[] = [];

  tree(files: Tree): string {
    let text = "";
    for (const path of [...files.keys()].sort())
      text += `${text === "" ? "" : "\u0001"}${path}\0${files.get(path)}`;
    const id = `7${Bun.hash(text).toString(16).padStart(39, "0")}`;
    if (!this.trees.has(id)) this.trees.set(id, new Map(files));
    return id;
  }

  commit(
    tree: string,
    parent: string | null,
    message: string,
    quarantine: number | null = null,
  ): string {
    // As git does it: the same content is the same commit.
    const id = `c${Bun.hash(`${tree} ${parent} ${message}`).toString(16).padStart(39, "0")}`;
    if (this.commits.has(id)) return id;
    this.commits.set(id, { id, tree, parent, message, quarantine, isSynced: false });
    return id;
  }

  get(id: string): Commit {
    const commit = this.commits.get(id);
    if (commit === undefined) throw new Error(`there is no commit ${id}`);
    return commit;
  }

  filesOf(commit: string): Tree {
    return this.trees.get(this.get(commit).tree) as Tree;
  }

  ref(name: string): string | null {
    return this.refs.get(name)?.value ?? null;
  }

  /** Moves a ref; a power cut before `flush` takes it back. */
  set(name: string, value: string | null): void {
    const ref = this.refs.get(name);
    if (ref === undefined) this.refs.set(name, { value, synced: null });
    else ref.value = value;
  }

  flush(name: string): void {
    const ref = this.refs.get(name);
    if (ref !== undefined) ref.synced = ref.value;
  }

  /** Moves a commit and what it stands on out of the quarantine, flushed. */
  keep(id: string): void {
    for (let at: string | null = id; at !== null; ) {
      const commit: Commit = this.get(at);
      if (commit.isSynced && commit.quarantine === null) return;
      commit.quarantine = null;
      commit.isSynced = true;
      at = commit.parent;
    }
  }

  /** From newest to oldest, along the first parents. */
  *history(tip: string | null): Generator<Commit> {
    for (let at = tip; at !== null; ) {
      const commit: Commit | undefined = this.commits.get(at);
      if (commit === undefined) return;
      yield commit;
      at = commit.parent;
    }
  }

  isAncestor(old: string, tip: string): boolean {
    for (const { id } of this.history(tip)) if (id === old) return true;
    return false;
  }

  /** The driver died: what it had in quarantine is gone. */
  forget(driver: number): void {
    for (const [id, { quarantine }] of this.commits) {
      if (quarantine === driver) this.commits.delete(id);
    }
  }

  /** What was not flushed is gone. */
  cutPower(): void {
    for (const [id, { isSynced }] of this.commits) if (!isSynced) this.commits.delete(id);
    for (const ref of this.refs.values()) ref.value = ref.synced;
  }
}

/** Three-way merge, by path and then by line. Null marks a path in conflict. */
export function mergeFiles(base: Tree, ours: Tree, theirs: Tree): Map<string, string | null> {
  const merged = new Map<string, string | null>();
  for (const path of new Set([...base.keys(), ...ours.keys(), ...theirs.keys()])) {
    const [b, o, t] = [base.get(path), ours.get(path), theirs.get(path)];
    const kept = o === t || b === t ? o : b === o ? t : null;
    if (kept !== null) {
      if (kept !== undefined) merged.set(path, kept);
    } else merged.set(path, mergeLines(b, o, t));
  }
  return merged;
}

function mergeLines(b?: string, o?: string, t?: string): string | null {
  if (b === undefined || o === undefined || t === undefined) return null;
  const [base, ours, theirs] = [b.split("\n"), o.split("\n"), t.split("\n")];
  if (base.length !== ours.length || base.length !== theirs.length) return null;
  const lines: string[] = [];
  for (const [i, line] of base.entries()) {
    const [mine, other] = [ours[i] as string, theirs[i] as string];
    if (mine !== line && other !== line && mine !== other) return null;
    lines.push(mine === line ? other : mine);
  }
  return lines.join("\n");
}

/** Paths that differ, in their order, with how. */
export function difference(
  from: Tree,
  to: Tree,
): { path: string; change: "added" | "modified" | "deleted" }[] {
  const found: { path: string; change: "added" | "modified" | "deleted" }[] = [];
  for (const [path, text] of to) {
    const before = from.get(path);
    if (before === text) continue;
    found.push({ path, change: before === undefined ? "added" : "modified" });
  }
  for (const path of from.keys()) if (!to.has(path)) found.push({ path, change: "deleted" });
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** What the trailers of a commit name. */
export function trailersOf(message: string): { run: string; task: string; attempt: number } | null {
  const found = /Ra-Run: (.*)\nRa-Task: (.*)\nRa-Attempt: (\d+)/.exec(message);
  return found ? { run: found[1]!, task: found[2]!, attempt: Number(found[3]) } : null;
}
