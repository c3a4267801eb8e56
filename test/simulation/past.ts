import type {
  AbandonedWorkspace,
  Conflicted,
  GitRepository,
  LandedCommit,
  WorkspaceRequest,
} from "../../core/workspace/workspace.ts";
import type { Driver } from "./driver.ts";
import type { Outside } from "./outside.ts";
import { mergeFiles, trailersOf } from "./store.ts";

/** The message of what an earlier attempt left, on what has landed. */
export const carriedMessage = "carried";

/** Where an attempt works. */
export function roomOf({
  run,
  task,
  attempt,
  lasting,
}: Pick<WorkspaceRequest, "run" | "task" | "attempt" | "lasting">): string {
  return lasting ? `/rooms/${run}/${task}` : `/rooms/${run}/${task}.${attempt}`;
}

/** The part of a repository that looks back: at commits that landed, at workspaces that were left, at conflicts. */
export function simulatedPast(
  world: Outside,
  driver: Driver,
  step: (name: string) => Promise<void>,
): Pick<GitRepository, "landedCommits" | "conflicted" | "abandoned" | "carried" | "carriedOnto"> {
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

  const carried: GitRepository["carried"] = async ({ tip, kept }) => {
    await step("carried");
    const base = store.get(kept).parent as string;
    const merged = mergeFiles(store.filesOf(base), store.filesOf(tip), store.filesOf(kept));
    if ([...merged.values()].includes(null)) return null;
    const tree = store.tree(merged as Map<string, string>);
    if (tree === store.get(tip).tree) return tip;
    world.count("attempt.carried");
    return store.commit(tree, tip, carriedMessage, driver.pid);
  };

  const carriedOnto: GitRepository["carriedOnto"] = async (commit) => {
    const { message, parent } = store.get(commit);
    return message === carriedMessage ? parent : null;
  };

  const abandoned: GitRepository["abandoned"] = async (run, lasting = new Map()) => {
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
        ...(lasting.get(task) === Number(attempt) ? { lasting: true } : {}),
      });
    }
    for (const room of world.disk.values()) {
      if (room.run !== run) continue;
      const { task, isolation } = room;
      // A directory that lasts does not tell whose it is, and only the attempt that filled it has an index.
      const isLasting = room.path === roomOf({ ...room, lasting: true });
      const attempt = isLasting ? (lasting.get(task) ?? room.attempt) : room.attempt;
      const base = found.get(`${task}.${attempt}`)?.base ?? null;
      const isFilled = room.isFilled && attempt === room.attempt;
      const lasts = lasting.get(task) === attempt ? { lasting: true } : {};
      found.set(`${task}.${attempt}`, { task, attempt, isolation, base, isFilled, ...lasts });
    }
    return [...found.values()];
  };

  return { landedCommits, conflicted, abandoned, carried, carriedOnto };
}
