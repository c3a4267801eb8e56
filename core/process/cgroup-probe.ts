import { accessSync, constants, mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";

/** Whether a group of the kernel's own can be made for an attempt: whatever it starts can then be ended for certain. */
export type CgroupProbe =
  | { readonly usable: true; readonly directory: string }
  | { readonly usable: false; readonly reason: string };

/** Where the kernel tells of groups and mounts; tests give their own. */
export interface CgroupFiles {
  /** Text of `/proc/self/cgroup`. */
  readonly own: string;
  /** Text of `/proc/self/mountinfo`. */
  readonly mounts: string;
}

/** Finds out whether a cgroup can be used here by making and removing one below `ra`'s own. */
export function probeCgroup(files: CgroupFiles | null = readFiles()): CgroupProbe {
  const directory = files === null ? null : ownGroup(files);
  if (directory === null) return { usable: false, reason: "there is no cgroup v2 here" };
  const group = join(directory, `ra-probe-${process.pid}-${crypto.randomUUID().slice(0, 8)}`);
  try {
    mkdirSync(group);
  } catch (error) {
    return { usable: false, reason: `none can be made in ${directory}: ${codeOf(error)}` };
  }
  try {
    // Without the first nothing can be put in, without the second nothing ended at once.
    for (const file of ["cgroup.procs", "cgroup.kill"])
      accessSync(join(group, file), constants.W_OK);
    return { usable: true, directory };
  } catch (error) {
    return { usable: false, reason: `the one that was made cannot be used: ${codeOf(error)}` };
  } finally {
    rmdirSync(group);
  }
}

/** Directory of the cgroup that this process is in; null without cgroup v2. */
export function ownGroup({ own, mounts }: CgroupFiles): string | null {
  const path = /^0::(\/.*)$/m.exec(own)?.[1];
  if (path === undefined) return null;
  for (const line of mounts.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    if (!after.startsWith("cgroup2 ")) continue;
    const [, , , root = "/", mount = ""] = before.split(" ");
    // Inside a container the mount may show a part of the tree only.
    const below = root === "/" ? path : path.startsWith(`${root}/`) ? path.slice(root.length) : "/";
    return join(unescaped(mount), path === root ? "/" : below).replace(/(.)\/$/, "$1");
  }
  return null;
}

/** Mount points hold blanks and backslashes as octal numbers. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

function readFiles(): CgroupFiles | null {
  try {
    return {
      own: readFileSync("/proc/self/cgroup", "utf8"),
      mounts: readFileSync("/proc/self/mountinfo", "utf8"),
    };
  } catch {
    return null;
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
}
