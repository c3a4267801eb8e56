import type {
  AbandonedWorkspace,
  Conflicted,
  GitRepository,
  LandedCommit,
} from "../../core/workspace/workspace.ts";
import type { Outside } from "./outside.ts";
import { mergeFiles, trailersOf } from "./store.ts";

/** The part of a repository that looks back: at commits that landed, at workspaces that were left, at conflicts. */
export function simulatedPast(
  world: Outside,
  step: (name: string) => Promise<void>,
): Pick<GitRepository, "landedCommits" | "conflicted" | "abandoned"> {
  const { store } = world;
  const landedCommits = async (wanted: {
    run: string;
    base: string | null;
    tip: string;
  }): Promise<readonly LandedCommit[]> => {
    await step("log");
    const found: LandedCommit[] = [];
    for (const { id, parent, message } of store.history(wanted.tip)) {
      if (id === wanted.base) break;
      const trailers = trailersOf(message);
      if (trailers?.run !== wanted.run) continue;
      const [subject = ""] = message.split("\n");
      found.push({
        commit: id,
        parent,
        tasks: [trailers.task],
        foreign: false,
        reverts: null,
        subject,
      });
    }
    return found;
  };

  const conflicted: GitRepository["conflicted"] = async ({
    base,
    ours,
    theirs,
  }): Promise<Conflicted> => {
    await step("conflicted");
    store.keep(ours);
    const [b, o, t] = [store.filesOf(base), store.filesOf(ours), store.filesOf(theirs)];
    const merged = mergeFiles(b, o, t);
    const paths = [...merged].flatMap(([path, content]) => (content === null ? [path] : []));
    if (paths.length === 0) return { kind: "clean" };
    if (paths.some((path) => !o.has(path) || !t.has(path))) {
      return { kind: "undecidable", reason: "a side has no file" };
    }
    for (const path of paths) {
      const text = ["<<<<<<< ours", o.get(path), "=======", t.get(path), ">>>>>>> theirs"];
      merged.set(path, text.join("\n"));
    }
    const tree = store.tree(merged as Map<string, string>);
    const told = paths.map((path) => ({
      path,
      sides: [],
      base: b.get(path) ?? null,
      ours: o.get(path) ?? null,
      theirs: t.get(path) ?? null,
    }));
    const commit = store.commit(tree, ours, "conflict");
    return { kind: "conflict", commit, ledger: ".ra-dropped-lines", paths: told };
  };

  const abandoned = async (run: string): Promise<readonly AbandonedWorkspace[]> => {
    await step("abandoned");
    const found = new Map<string, AbandonedWorkspace>();
    for (const [ref, { value }] of store.refs) {
      const [, owner, task = "", attempt] =
        /^refs\/ra\/([^/]+)\/([^/]+)\/(\d+)\.base$/.exec(ref) ?? [];
      if (owner !== run || value === null) continue;
      const isolation = "clone" as const;
      found.set(`${task}.${attempt}`, {
        task,
        attempt: Number(attempt),
        isolation,
        base: value,
        isFilled: false,
      });
    }
    for (const room of world.disk.values()) {
      if (room.run !== run) continue;
      const key = `${room.task}.${room.attempt}`;
      const { task, attempt, isolation, isFilled } = room;
      found.set(key, { task, attempt, isolation, base: found.get(key)?.base ?? null, isFilled });
    }
    return [...found.values()];
  };

  return { landedCommits, conflicted, abandoned };
}
