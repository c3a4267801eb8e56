import { copyFile, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { listAgentDirectory, readAgentFile } from "./agent-file.ts";
import { copyIfThere } from "./control.ts";
import { type Git, within } from "./git.ts";
import type { Site } from "./site.ts";

/** Objects of an agent that are looked at; a git that never packs may hold more. */
const objectsMax = 200_000;
/** Bytes of an index that is copied. */
const indexMax = 536_870_912;
/** Files that split indexes share. */
const sharedMax = 16;

/**
 * A git directory of `ra`'s own for a short while, in which an agent's objects can be read and new ones be made
 * without any of them, or any setting of the agent, reaching the user's repository.
 */
export interface AgentStore {
  readonly dir: string;
  /** Git in it; each call ends when the time of the whole rescue is over. */
  readonly git: Git;
  /** What could not be taken in, as a person reads it. */
  readonly troubles: readonly string[];
  /** Copies an index of the agent's. Null when there is none. */
  takeIndex(gitDir: string): Promise<string | null>;
  close(): Promise<void>;
}

/**
 * Makes a store over an agent's directory of objects. Only regular files with the names of objects and packs are
 * taken, each by a link: what the agent says of other stores, its commit graphs and its bitmaps are not.
 */
export async function openAgentStore(
  site: Site,
  name: string,
  objects: string | null,
  signal: AbortSignal,
): Promise<AgentStore> {
  const dir = join(site.indexDir, `${name}.rescue.${crypto.randomUUID().slice(0, 8)}`);
  const store = join(dir, "objects");
  for (const part of ["refs", "objects/info", "objects/pack"]) {
    await mkdir(join(dir, part), { recursive: true });
  }
  const control = dirname(site.indexDir);
  await Promise.all([
    writeFile(join(dir, "HEAD"), "ref: refs/heads/none\n"),
    copyFile(join(control, "config"), join(dir, "config")),
    copyIfThere(join(control, "shallow"), join(dir, "shallow")),
    writeFile(join(store, "info", "alternates"), `${join(site.place.commonDir, "objects")}\n`),
  ]);
  const whole = objects === null || (await linkObjects(objects, store));
  let indexes = 0;
  return {
    dir,
    git: within(site.control, {
      env: { GIT_DIR: dir, GIT_OBJECT_DIRECTORY: store },
      // Nothing in it has to survive a power cut: what is kept is written again, into the user's store.
      config: { "core.fsync": "none" },
      signal,
    }),
    troubles: whole ? [] : [`its git holds more than ${objectsMax} objects`],
    async takeIndex(gitDir) {
      const index = await readAgentFile(join(gitDir, "index"), indexMax);
      if (index === null || index.cut) return null;
      const shared = (await listAgentDirectory(gitDir)).filter(
        (entry) => entry.isFile() && /^sharedindex\.[0-9a-f]+$/.test(entry.name),
      );
      for (const { name } of shared.slice(-sharedMax)) {
        const part = await readAgentFile(join(gitDir, name), indexMax);
        if (part !== null) await writeFile(join(dir, name), part.text, "latin1");
      }
      indexes += 1;
      const path = join(dir, `index.${indexes}`);
      await writeFile(path, index.text, "latin1");
      return path;
    },
    close: () => rm(dir, { recursive: true, force: true }),
  };
}

/** Links to the objects and packs in a store. False when there are too many. */
async function linkObjects(from: string, to: string): Promise<boolean> {
  let left = objectsMax;
  for (const fan of await listAgentDirectory(from)) {
    const pattern = fan.name === "pack" ? packName : looseName;
    if (!fan.isDirectory() || !/^(?:[0-9a-f]{2}|pack)$/.test(fan.name)) continue;
    const entries = await listAgentDirectory(join(from, fan.name));
    const files = entries.filter((entry) => entry.isFile() && pattern.test(entry.name));
    if (files.length === 0) continue;
    if (files.length > left) return false;
    left -= files.length;
    await mkdir(join(to, fan.name), { recursive: true });
    await Promise.all(
      files.map(({ name }) => symlink(join(from, fan.name, name), join(to, fan.name, name))),
    );
  }
  return true;
}

const looseName = /^(?:[0-9a-f]{38}|[0-9a-f]{62})$/;
const packName = /^pack-[0-9a-f]+\.(?:pack|idx)$/;
