import { mkdir, open, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createMutex } from "../mutex.ts";
import { isAlive, processIdentity } from "../process/table.ts";
import type { Git, GitCall } from "./git.ts";
import { type CommitContent, writeCommit } from "./loose-object.ts";
import type { ObjectReader } from "./object-reader.ts";

/** From so many objects on, what is kept stays one pack; git's own limit for what it receives. */
const looseMax = 100;

/**
 * An object store of this process beside the user's: merges write here, unflushed, and only what is kept moves on.
 * So a merge that nobody keeps leaves nothing behind, and a power cut can tear nothing that counts.
 */
export class Quarantine {
  readonly #control: Git;
  readonly #objects: ObjectReader;
  readonly #top: string;
  readonly #store: string;
  readonly #inTurn = createMutex();
  /** Commits that the user's store does not have yet, with their parents. */
  readonly #pending = new Map<string, readonly string[]>();
  #dir: Promise<string> | null = null;

  constructor(input: {
    control: Git;
    objects: ObjectReader;
    /** Where quarantines lie. */
    top: string;
    /** The user's directory of objects. */
    store: string;
  }) {
    this.#control = input.control;
    this.#objects = input.objects;
    this.#top = input.top;
    this.#store = input.store;
  }

  /** Another quarantine of the same repository. `objects` gets to know its commits. */
  beside(objects: ObjectReader): Quarantine {
    const [control, top, store] = [this.#control, this.#top, this.#store];
    return new Quarantine({ control, objects, top, store });
  }

  /** The directory of objects; made when it is first asked for. */
  directory(): Promise<string> {
    this.#dir ??= this.#make();
    return this.#dir;
  }

  /** How git is called to read and write here. Whatever is written this way may be lost at a crash. */
  async call(): Promise<GitCall & { readonly env: Readonly<Record<string, string>> }> {
    return {
      env: { GIT_OBJECT_DIRECTORY: await this.directory() },
      config: { "core.fsync": "none" },
    };
  }

  /** True when a commit is here and not in the user's store. */
  holds(commit: string): boolean {
    return this.#pending.has(commit);
  }

  /** Makes a commit here. */
  async commit(content: CommitContent): Promise<string> {
    const id = writeCommit(await this.directory(), content);
    const { tree, parents, date } = content;
    this.#objects.remember({ id, tree, parents, date });
    this.#pending.set(id, parents);
    return id;
  }

  /** Moves a commit with all it needs into the user's store, durably. One that is there already costs nothing. */
  keep(commit: string): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.holds(commit)) return;
      const { moving, known } = this.#reach(commit);
      await this.#move(commit, known);
      for (const id of moving) this.#pending.delete(id);
    });
  }

  /** As `keep`, for any object. `known`: commits of the user's store that hold most of it. */
  keepObject(id: string, known: readonly string[]): Promise<void> {
    return this.#inTurn(() => this.#move(id, known));
  }

  /** Throws away all that was not kept. */
  async drop(): Promise<void> {
    const dir = this.#dir;
    if (dir === null) return;
    this.#dir = null;
    this.#pending.clear();
    await rm(await dir, { recursive: true, force: true });
  }

  /** Removes the quarantines of processes that are dead; nothing in them counts. */
  async clearStale(): Promise<void> {
    for (const name of await readdir(this.#top).catch(() => [])) {
      const [pid, ticks] = name.split(".");
      const owner = { pid: Number(pid), startTicks: ticks ? Number(ticks) : null };
      if (!isAlive(owner)) await rm(join(this.#top, name), { recursive: true, force: true });
    }
  }

  async #move(id: string, known: readonly string[]): Promise<void> {
    const input = [id, ...known.map((commit) => `^${commit}`), ""].join("\n");
    // Beside the packs: no git is to find it there, as it goes at once.
    const base = join(await this.directory(), "kept");
    const { env, config } = await this.call();
    const packing = { ...config, "pack.compression": "1", "pack.window": "0" };
    const args = ["pack-objects", "--revs", "--quiet"];
    const call = { env, config: packing, input };
    const whole = await this.#control.attempt([...args, base], call);
    // In a repository that lacks objects of its own, what was made here is all that can move.
    const name = (
      whole.code === 0
        ? whole.stdout
        : await this.#control.run([...args, "--local", "--missing=allow-any", base], call)
    ).trim();
    const pack = `${base}-${name}.pack`;
    const few = (await countOf(pack)) < looseMax;
    await this.#control.run(few ? ["unpack-objects", "-q"] : ["index-pack", "--stdin"], {
      inputFile: pack,
    });
    for (const ending of ["pack", "idx"]) await rm(`${base}-${name}.${ending}`, { force: true });
  }

  /** The commits that have to move, and those of the user's store that they stand on. */
  #reach(commit: string): {
    readonly moving: readonly string[];
    readonly known: readonly string[];
  } {
    const moving: string[] = [];
    const known = new Set<string>();
    for (const open = [commit]; open.length > 0; ) {
      const id = open.pop() as string;
      const parents = this.#pending.get(id);
      if (parents === undefined) known.add(id);
      else {
        moving.push(id);
        open.push(...parents);
      }
    }
    return { moving, known: [...known] };
  }

  async #make(): Promise<string> {
    await this.clearStale();
    const { pid, startTicks } = processIdentity(process.pid);
    const dir = join(this.#top, `${pid}.${startTicks ?? ""}.${crypto.randomUUID().slice(0, 8)}`);
    for (const part of ["info", "pack"]) await mkdir(join(dir, part), { recursive: true });
    await writeFile(join(dir, "info", "alternates"), `${this.#store}\n`);
    return dir;
  }
}

/** How many objects a pack holds, from its header. */
async function countOf(pack: string): Promise<number> {
  const file = await open(pack, "r");
  try {
    const header = Buffer.alloc(12);
    await file.read(header, 0, 12, 0);
    return header.readUInt32BE(8);
  } finally {
    await file.close();
  }
}
