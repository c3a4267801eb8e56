import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Git } from "./git.ts";
import { isHidden } from "./nested.ts";
import type { TreeEntryChange } from "./tree-diff.ts";

/** How many paths a note names. */
const namedMax = 5;
/** How many changed files are asked for their rights. */
const modesMax = 2_000;

/**
 * Notes on what a directory holds that its index, after `add -A`, does not: ignored files, bare directories, and what
 * is no file at all.
 */
export async function leftOutNotes(control: Git, path: string, index: string): Promise<string[]> {
  const call = { cwd: path, env: { GIT_WORK_TREE: path, GIT_INDEX_FILE: index } };
  const others = ["ls-files", "--others", "--exclude-standard", "--directory", "-z"];
  const [ignored, rest] = await Promise.all([
    control.run([...others, "--ignored"], call),
    control.run(others, call),
  ]);
  const passed = names(ignored);
  const special: string[] = [];
  await findSpecial(path, "", new Set(passed), special);
  return [
    ...note(passed, "ignored by git and not in the result"),
    ...note([...names(rest), ...special.sort()], "cannot be held by git and not in the result"),
  ];
}

/** Notes on rights of changed files that git does not keep: those nobody but their owner may read. */
export async function modeNotes(
  path: string,
  entries: readonly TreeEntryChange[],
): Promise<string[]> {
  // Where every new file is private the rights say nothing.
  if ((process.umask() & 0o044) !== 0) return [];
  const files = entries.filter(({ newMode }) => newMode.startsWith("100")).slice(0, modesMax);
  const modes = await Promise.all(
    files.map(async (entry) => (await lstat(join(path, entry.path)).catch(() => null))?.mode),
  );
  const closed = files.filter((_, i) => modes[i] !== undefined && (modes[i] & 0o077) === 0);
  return note(
    closed.map((entry) => entry.path),
    "in the result without the rights that only its owner had",
  );
}

/** Fifos, sockets and devices, which git does not see. `passed`: directories, with a `/` at the end, to leave out. */
async function findSpecial(
  root: string,
  below: string,
  passed: ReadonlySet<string>,
  found: string[],
): Promise<void> {
  const entries = await readdir(join(root, below), { withFileTypes: true }).catch(() => []);
  const inner: Promise<void>[] = [];
  for (const entry of entries) {
    const path = `${below}${entry.name}`;
    if (entry.isDirectory()) {
      if (entry.name === ".git" || passed.has(`${path}/`)) continue;
      inner.push(findSpecial(root, `${path}/`, passed, found));
    } else if (!entry.isFile() && !entry.isSymbolicLink()) found.push(path);
  }
  await Promise.all(inner);
}

function note(paths: readonly string[], what: string): string[] {
  if (paths.length === 0) return [];
  const named = paths.slice(0, namedMax).map((path) => `\`${path}\``);
  const more = paths.length > namedMax ? ` and ${paths.length - namedMax} more` : "";
  return [`${named.join(", ")}${more}: ${what}`];
}

function names(text: string): string[] {
  return text.split("\0").filter((name) => name !== "" && !isHidden(name));
}
