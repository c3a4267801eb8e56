import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { World } from "./world.ts";

/** Texts of git's objects by what names them, as `commit:path` does, with one git; null for what is not there. */
export function textsOf(
  world: World,
  names: readonly string[],
): ReadonlyMap<string, string | null> {
  const found = new Map<string, string | null>();
  const done = Bun.spawnSync(["git", "cat-file", "--batch"], {
    cwd: world.project,
    env: world.env,
    stdin: Buffer.from(names.map((name) => `${name}\n`).join("")),
  });
  const bytes = done.stdout;
  let at = 0;
  for (const name of names) {
    const end = bytes.indexOf("\n", at);
    const head = bytes.subarray(at, end).toString();
    const size = Number(/ [a-z]+ (\d+)$/.exec(head)?.[1] ?? -1);
    found.set(name, size < 0 ? null : bytes.subarray(end + 1, end + 1 + size).toString());
    at = size < 0 ? end + 1 : end + size + 2;
  }
  return found;
}

/** Files at any depth below a directory, links and other oddities among them. */
export function filesBelow(dir: string): string[] {
  const found: string[] = [];
  for (const name of namesIn(dir)) {
    const path = join(dir, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) found.push(...filesBelow(path));
    else if (stat !== undefined) found.push(path);
  }
  return found;
}

/** Sorted names in a directory; none when it is not there. */
export function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch {
    return [];
  }
}

/** Lines of a file of the world; none when it is not there. */
export function linesOf(path: string): string[] {
  try {
    return readFileSync(path, "utf8").trim().split("\n");
  } catch {
    return [];
  }
}

/** Lines that plain git prints; none when it prints nothing or fails. */
export function gitLines(world: World, ...args: readonly string[]): string[] {
  const text = (world.git(...args) ?? "").trim();
  return text === "" ? [] : text.split("\n");
}
