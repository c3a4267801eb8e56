import type {
  GitRepository,
  Merge,
  MergeInput,
  Merger,
  Publication,
  Snapshot,
  Workspace,
  WorkspaceRequest,
} from "../../core/workspace/workspace.ts";
import type { Driver } from "./driver.ts";
import type { Outside, Room } from "./outside.ts";
import { roomOf, simulatedPast } from "./past.ts";
import { difference, mergeFiles } from "./store.ts";

/** The repository of the world, as one driver works on it: every step takes time, may fail, and may be the last. */
export function simulatedRepository(world: Outside, driver: Driver): GitRepository {
  const { store } = world;
  const step = (name: string): Promise<void> => world.effect(driver, `git.${name}`);
  const changes = (from: string, to: string) => difference(store.filesOf(from), store.filesOf(to));

  const pin = async (ref: string, commit: string): Promise<void> => {
    await step("objects");
    store.keep(commit);
    await step("ref");
    store.set(ref, commit);
    await step("flush");
    store.flush(ref);
  };

  const drop = async (ref: string): Promise<void> => {
    await step("drop");
    store.set(ref, null);
    store.flush(ref);
  };

  const merge = async ({ base, ours, theirs }: MergeInput): Promise<Merge> => {
    await step("merge");
    const merged = mergeFiles(store.filesOf(base), store.filesOf(ours), store.filesOf(theirs));
    const paths = [...merged].flatMap(([path, content]) => (content === null ? [path] : []));
    if (paths.length > 0) return { kind: "conflict", paths };
    return { kind: "clean", tree: store.tree(merged as Map<string, string>) };
  };

  const commit = async (input: { tree: string; parent: string; message: string }) => {
    await step("commit");
    return store.commit(input.tree, input.parent, input.message, driver.pid);
  };

  const merger = (): Merger => ({
    merge,
    commit,
    changes: async (pairs) => pairs.map(([from, to]) => changes(from, to)),
    async [Symbol.asyncDispose]() {},
  });

  const markOf = ({ run, task, attempt }: WorkspaceRequest): string =>
    `refs/ra/${run}/${task}/${attempt}.base`;

  const workspaceOf = (request: WorkspaceRequest, room: Room): Workspace => ({
    path: room.path,
    base: request.base,
    environment: {},
    async snapshot(message): Promise<Snapshot | null> {
      await step("snapshot");
      const tree = store.tree(room.files);
      const left = store.commit(tree, request.base, message);
      const changed = changes(request.base, left);
      await pin(`refs/ra/${request.run}/${request.task}/${request.attempt}`, left);
      world.noteSnapshot(room);
      return { commit: left, tree, unchanged: changed.length === 0, changes: changed, notes: [] };
    },
    async restore() {},
    async close() {
      await step("close");
      world.disk.delete(room.path);
      await drop(markOf(request));
    },
  });

  const open = async (request: WorkspaceRequest): Promise<Workspace> => {
    const { run, task, attempt, base, isolation } = request;
    const path = roomOf(request);
    const former = world.disk.get(path);
    if (former !== undefined) world.leftovers.push(former);
    const room: Room = { path, run, task, attempt, isolation, isFilled: false, files: new Map() };
    try {
      await pin(markOf(request), base);
      world.disk.set(path, room);
      await step("fill");
      room.files = new Map(store.filesOf(base));
      room.isFilled = true;
      await step("open");
    } catch (error) {
      world.disk.delete(path);
      store.set(markOf(request), null);
      store.flush(markOf(request));
      throw error;
    }
    return workspaceOf(request, room);
  };

  const openScratch = async (run: string, of: string) => {
    await step("scratch");
    const path = `/scratch/${run}/${world.fresh()}`;
    world.scratch.set(path, store.get(of).tree);
    return {
      path,
      async close() {
        await step("scratch.close");
        world.scratch.delete(path);
      },
    };
  };

  const publish = (move: { target: string; from: string; to: string }): Promise<Publication> =>
    world.turn("landing", driver, async () => {
      await step("publish");
      store.keep(move.to);
      const ref = `refs/heads/${move.target}`;
      const tip = store.ref(ref);
      if (tip === null) return { kind: "gone" };
      if (tip === move.to) return { kind: "landed" };
      if (tip !== move.from) return { kind: "moved", tip };
      if (!store.isAncestor(move.from, move.to)) throw new Error("it does not descend");
      const { checkout } = world;
      const moved = changes(move.from, move.to);
      const met = moved.find(({ path }) => checkout.dirty.has(path));
      if (met) return { kind: "refused", reason: `the user's ${met.path} stands there` };
      checkout.landing = { from: move.from, to: move.to, by: driver };
      try {
        await step("files");
        checkout.files = new Map(store.filesOf(move.to));
        await step("swap");
        const now = store.ref(ref);
        if (now !== move.from) {
          checkout.files = new Map(now === null ? [] : store.filesOf(now));
          checkout.landing = null;
          return now === null ? { kind: "gone" } : { kind: "moved", tip: now };
        }
        store.set(ref, move.to);
        store.moves.push({ from: move.from, to: move.to, by: "ra" });
        world.noteMove(driver);
        store.flush(ref);
        await world.pause(driver);
        checkout.landing = null;
        return { kind: "landed" };
      } catch (error) {
        checkout.files = new Map(store.filesOf(store.ref(ref) ?? move.from));
        checkout.landing = null;
        throw error;
      }
    });

  const past = simulatedPast(world, driver, step);
  const setAside = (run: string): void => {
    for (const [path, room] of world.disk) {
      if (room.run !== run) continue;
      world.disk.delete(path);
      world.leftovers.push(room);
    }
    for (const path of world.scratch.keys()) {
      if (path.startsWith(`/scratch/${run}/`)) world.scratch.delete(path);
    }
  };

  return {
    root: "/sim",
    async resolve(revision) {
      await step("resolve");
      const isParent = revision.endsWith("^");
      const name = isParent ? revision.slice(0, -1) : revision;
      const id = name.startsWith("refs/") ? store.ref(name) : name;
      if (id === null) throw new Error(`\`${revision}\` names no commit`);
      const found = store.get(id);
      return isParent ? (found.parent as string) : found.id;
    },
    currentBranch: async () => "main",
    async branchTip(branch) {
      await step("tip");
      return store.ref(`refs/heads/${branch}`);
    },
    dirty: async () => world.checkout.dirty.size > 0,
    open,
    openScratch,
    merge,
    merger,
    lookout: () => ({ look: async () => [], async [Symbol.asyncDispose]() {} }),
    commit,
    tree: async (id) => store.get(id).tree,
    changes: async (from, to) => changes(from, to),
    conflicted: past.conflicted,
    carried: past.carried,
    carriedOnto: past.carriedOnto,
    async replant({ commit: of, parent, without }) {
      await step("replant");
      const files = new Map(store.filesOf(of));
      for (const path of without) files.delete(path);
      return store.commit(store.tree(files), parent, "answer");
    },
    async texts(of, paths) {
      const files = store.filesOf(of);
      const texts = new Map<string, string>();
      for (const path of paths) {
        const text = files.get(path);
        if (text !== undefined) texts.set(path, text);
      }
      return texts;
    },
    pin,
    publish,
    landedCommits: past.landedCommits,
    async landedTasks(wanted) {
      return new Set((await past.landedCommits(wanted)).flatMap(({ tasks }) => tasks));
    },
    commitsTouching: async () => [],
    async keptCommits(ids) {
      await step("kept");
      return ids.map((id) => {
        const { tree, parent } = store.get(id);
        const base = parent as string;
        return { commit: id, base, tree, changes: changes(base, id) };
      });
    },
    discard: async () => false,
    patch: async () => new Uint8Array(),
    async adopt(request) {
      await step("adopt");
      const room = world.disk.get(roomOf(request));
      return room === undefined ? null : workspaceOf(request, room);
    },
    abandoned: past.abandoned,
    async clearAbandoned(run, { empty }) {
      for (const place of empty) {
        await step("clear");
        world.disk.delete(roomOf({ run, ...place }));
      }
      await step("aside");
      setAside(run);
      for (const ref of [...store.refs.keys()]) {
        if (!ref.startsWith(`refs/ra/${run}/`) || !ref.endsWith(".base")) continue;
        if (store.ref(ref) !== null) await drop(ref);
      }
    },
    async mend() {
      await step("mend");
      const { checkout } = world;
      const { landing } = checkout;
      if (landing === null || landing.by.alive) return [];
      const tip = store.ref("refs/heads/main") ?? landing.from;
      checkout.files = new Map(store.filesOf(tip));
      checkout.landing = null;
      return ["a landing"];
    },
    async standingRuns() {
      return [...new Set([...world.disk.values()].map(({ run }) => run))];
    },
    async tidy(run) {
      await step("tidy");
      setAside(run);
      store.forget(driver.pid);
    },
  };
}
