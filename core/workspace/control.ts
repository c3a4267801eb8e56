import { copyFile, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bindGit, type Environment, type Git } from "./git.ts";

/** A repository's effective git configuration: lower-case section and name, all values in order. */
export type GitConfig = ReadonlyMap<string, readonly string[]>;

/** What decides bytes on disk or in objects. Nothing here can name a program. */
const copiedNames = [
  "core.attributesfile",
  "core.autocrlf",
  "core.bigfilethreshold",
  "core.compression",
  "core.eol",
  "core.excludesfile",
  "core.filemode",
  "core.ignorecase",
  "core.loosecompression",
  "core.precomposeunicode",
  "core.sharedrepository",
  "core.symlinks",
  "extensions.objectformat",
  "extensions.partialclone",
];

/** Reads the configuration as git sees it in a directory, the user's global settings included. */
export async function readGitConfig(git: Git): Promise<GitConfig> {
  const config = new Map<string, string[]>();
  for (const entry of (await git.run(["config", "--list", "--includes", "-z"])).split("\0")) {
    if (entry === "") continue;
    const end = entry.indexOf("\n");
    const name = end < 0 ? entry : entry.slice(0, end);
    const values = config.get(name) ?? [];
    values.push(end < 0 ? "true" : entry.slice(end + 1));
    config.set(name, values);
  }
  return config;
}

/** The last value of a setting, which is the one that counts; null when there is none. */
export function lastValue(config: GitConfig, name: string): string | null {
  return config.get(name)?.at(-1) ?? null;
}

/** What the control repository is made from. */
interface ControlSource {
  readonly commonDir: string;
  readonly stateDir: string;
  readonly config: GitConfig;
  readonly env: Environment;
}

/**
 * Git bound to the control repository: a bare git directory of `ra`'s own that writes its objects into the user's.
 * Its configuration is a copy by name, so no hook, filter or driver that an agent plants in any configuration runs
 * inside `ra`. The directory is made or renewed before the first command, so that who only looks writes nothing.
 */
export function bindControl(source: ControlSource): Git {
  const dir = join(source.stateDir, "control.git");
  const git = bindGit(dir, source.env, {
    GIT_ATTR_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_DIR: dir,
    GIT_OBJECT_DIRECTORY: join(source.commonDir, "objects"),
  });
  let ready: Promise<void> | undefined;
  const prepared = (): Promise<void> => {
    ready ??= prepare(source, dir);
    return ready;
  };
  return {
    run: async (args, call) => {
      await prepared();
      return await git.run(args, call);
    },
    attempt: async (args, call) => {
      await prepared();
      return await git.attempt(args, call);
    },
    converse: async (args, call, unbuffered) => {
      await prepared();
      return await git.converse(args, call, unbuffered);
    },
    bytes: async (args, call) => {
      await prepared();
      return await git.bytes(args, call);
    },
  };
}

async function prepare(source: ControlSource, dir: string): Promise<void> {
  for (const part of ["objects", "refs", "info", "indexes"]) {
    await mkdir(join(dir, part), { recursive: true });
  }
  await replaceText(join(dir, "HEAD"), "ref: refs/heads/none\n");
  await replaceText(join(dir, "config"), formatConfig(controlConfig(source)));
  for (const name of ["info/exclude", "info/attributes", "shallow"]) {
    await copyIfThere(join(source.commonDir, name), join(dir, name));
  }
}

/** The settings a repository of `ra`'s own takes over from the user's, as name and value pairs. */
export function copiedConfig(config: GitConfig, commonDir: string): [string, string][] {
  const entries: [string, string][] = [];
  for (const name of copiedNames) {
    const value = lastValue(config, name);
    if (value !== null) entries.push([name, value]);
  }
  // The promisor is named `remote.<name>`, and lazy fetching needs no more than these three.
  for (const [name, values] of config) {
    const promisor = /^remote\.(.+)\.(promisor|partialclonefilter|url)$/.exec(name)?.[1];
    if (promisor !== undefined && lastValue(config, `remote.${promisor}.promisor`) !== null) {
      for (const value of values) entries.push([name, value]);
    }
  }
  if ([...config.keys()].some((name) => name.startsWith("filter.lfs."))) {
    // Written out instead of copied: the commands are LFS's own wherever the setting came from.
    entries.push(["filter.lfs.clean", "git-lfs clean -- %f"]);
    entries.push(["filter.lfs.smudge", "git-lfs smudge -- %f"]);
    entries.push(["filter.lfs.process", "git-lfs filter-process"]);
    entries.push(["filter.lfs.required", "true"]);
    entries.push(["lfs.storage", join(commonDir, "lfs")]);
  }
  return entries;
}

/** Text of a git config file. Names are `section[.subsection].name`. */
export function formatConfig(entries: readonly (readonly [string, string])[]): string {
  const lines = entries.map(([name, value]) => {
    const first = name.indexOf(".");
    const last = name.lastIndexOf(".");
    const subsection = first === last ? "" : ` ${quote(name.slice(first + 1, last))}`;
    return `[${name.slice(0, first)}${subsection}]\n\t${name.slice(last + 1)} = ${quote(value)}\n`;
  });
  return lines.join("");
}

/** Replaces a file in one step, and only when its text differs. */
export async function replaceText(path: string, text: string): Promise<void> {
  const old = await readFile(path, "utf8").catch(() => null);
  if (old === text) return;
  const next = `${path}.${process.pid}.${crypto.randomUUID().slice(0, 8)}`;
  await writeFile(next, text);
  await rename(next, path);
}

/** Copies a file; without one there is nothing to do. */
export async function copyIfThere(from: string, to: string): Promise<void> {
  await copyFile(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}

function controlConfig(input: { commonDir: string; config: GitConfig }): [string, string][] {
  const copied = copiedConfig(input.config, input.commonDir);
  const version = copied.some(([name]) => name.startsWith("extensions.")) ? "1" : "0";
  return [["core.repositoryformatversion", version], ["core.bare", "true"], ...copied];
}

function quote(value: string): string {
  const escaped = value
    .replace(/\\/g, "\\\\")
    .replace(/"/g, '\\"')
    .replace(/\n/g, "\\n")
    .replace(/\t/g, "\\t");
  return `"${escaped}"`;
}
