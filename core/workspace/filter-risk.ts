import { dirname } from "node:path";
import type { GitConfig } from "./control.ts";
import type { TreeEntryChange } from "./tree-diff.ts";

/** A file that a filter of the user's git runs. */
export interface FilterRisk {
  readonly path: string;
  readonly filter: string;
}

/**
 * A changed file that a filter driver of the user's configuration names, or that lies beside one: a checkout would run
 * it before anybody has looked at it. Null when there is none. `checkout`: where the files of the repository are.
 */
export function filterRisk(
  config: GitConfig,
  checkout: string,
  entries: readonly TreeEntryChange[],
): FilterRisk | null {
  for (const [name, values] of config) {
    const filter = /^filter\.(.+)\.(?:clean|smudge|process)$/.exec(name)?.[1];
    if (filter === undefined) continue;
    const named = values.flatMap((value) => pathsIn(value, checkout));
    const found = entries.find(({ path }) => named.some((program) => isBeside(path, program)));
    if (found) return { path: found.path, filter };
  }
  return null;
}

/** Words of a command that can name a file of the repository, relative to its top. */
function pathsIn(command: string, checkout: string): string[] {
  const words = command.split(/[\s"'=;|&()<>`$]+/).filter((word) => word !== "");
  return words.flatMap((word) => {
    if (word.startsWith(`${checkout}/`)) return [word.slice(checkout.length + 1)];
    return word.startsWith("/") || word.startsWith("-") ? [] : [word.replace(/^(?:\.\/)+/, "")];
  });
}

/** A program may read what lies beside it. At the top of the repository that would be everything. */
function isBeside(path: string, program: string): boolean {
  const directory = dirname(program);
  return path === program || (directory !== "." && path.startsWith(`${directory}/`));
}
