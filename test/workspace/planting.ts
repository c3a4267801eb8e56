import { chmodSync } from "node:fs";
import { join } from "node:path";
import { write } from "./fixture.ts";

/** What plants a vector, and what sets it off. */
export interface Planting {
  /** The workspace. */
  readonly dir: string;
  /** The user's repository. */
  readonly project: string;
  /** Absolute path of a program that leaves the mark and then passes its input on. */
  readonly evil: string;
  /** The same, but it ends at once: a program that git talks with must not wait for git. */
  readonly stop: string;
  /** Plain git in the workspace. It may fail, as it often does once the program has run. */
  git(...args: string[]): void;
  /** The same with something on standard input, in another directory, or with other variables. */
  gitWith(
    more: { input?: string; cwd?: string; env?: Record<string, string> },
    ...args: string[]
  ): void;
}

/** A way to make git start a program, planted by an agent in its own workspace. */
export interface Vector {
  readonly name: string;
  readonly plant: (on: Planting) => void;
  /** A plain git command that starts the program. */
  readonly fire: (on: Planting) => void;
  /** Variables that `ra` itself is started with. */
  readonly env?: (on: Planting) => Record<string, string>;
}

/** Something done to a workspace. */
export type Act = (on: Planting) => void;

/** Changes the tracked file that all vectors work on. */
export const touchFile: Act = ({ dir }) => write(dir, { "a.txt": `${lines("agent")}` });

/** Nine lines, the first of them the agent's, so that a change of the last one merges. */
export function lines(first: string, last = "9"): string {
  return `${[first, "2", "3", "4", "5", "6", "7", "8", last].join("\n")}\n`;
}

/** Sets what `git config` sets, and then does more. */
export function config(entries: (on: Planting) => Record<string, string>, more?: Act): Act {
  return (on) => {
    for (const [key, value] of Object.entries(entries(on))) on.git("config", key, value);
    more?.(on);
  };
}

/** Plants attributes that no file of the tree shows. */
export function attributes(text: string): Act {
  return ({ dir }) => write(dir, { ".git/info/attributes": `${text}\n` });
}

/** Puts a hook where git looks for it, and then does more. */
export function hook(name: string, more?: Act): Act {
  return (on) => {
    plantHook(join(on.dir, ".git/hooks"), name, on.evil);
    more?.(on);
  };
}

/** Puts an executable hook into a directory. */
export function plantHook(dir: string, name: string, evil: string): void {
  write(dir, { [name]: `#!/bin/sh\n${evil} < /dev/null\nexit 0\n` });
  chmodSync(join(dir, name), 0o755);
}

/** Runs plain git. */
export const git =
  (...args: string[]): Act =>
  (on) =>
    on.git(...args);

/** Commits what is changed. */
export const commitAll = git("commit", "-qam", "x");
/** Two branches that change the same file in different places; the second is checked out. */
export const diverge: Act = (on) => {
  on.git("checkout", "-qb", "one");
  write(on.dir, { "a.txt": lines("1", "one") });
  on.git("commit", "-qam", "one");
  on.git("checkout", "-q", "-");
  write(on.dir, { "a.txt": lines("two") });
  on.git("commit", "-qam", "two");
};
/** Does one after the other. */
export const after =
  (...acts: Act[]): Act =>
  (on) => {
    for (const act of acts) act(on);
  };
/** Changes the tracked file and runs git. */
export const changed = (...args: string[]): Act => after(touchFile, git(...args));

/** A bare git directory in the workspace whose monitor is the program. */
export const evilGitDir =
  (name: string): Act =>
  (on) => {
    on.git("init", "-q", "--bare", name);
    const at = { cwd: join(on.dir, name) };
    on.gitWith(at, "config", "core.bare", "false");
    on.gitWith(at, "config", "core.fsmonitor", on.evil);
  };

/** The setting that starts a program at most commands. */
export const monitor = ({ evil }: Planting): Record<string, string> => ({ "core.fsmonitor": evil });
/** The setting that starts a program for each file that is added. */
export const clean = ({ evil }: Planting): Record<string, string> => ({ "filter.x.clean": evil });
