import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { root } from "./program.ts";

/** One source file, with the files of this repository that it imports, types and lazy imports included. */
export interface Source {
  /** From the root, with `/`. */
  readonly path: string;
  readonly text: string;
  /** The text without comments, so that a rule can look for words of code. */
  readonly code: string;
  readonly imports: readonly Import[];
}

export interface Import {
  /** From the root for a file of ours, otherwise as it is written. */
  readonly target: string;
  readonly ours: boolean;
  /** True for `import()` in code, which is loaded only when it is reached. */
  readonly lazy: boolean;
}

/** Every file git knows or would add, from the root; also those not committed yet. */
export function trackedFiles(): string[] {
  const listing = Bun.spawnSync(
    ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    {
      cwd: root,
    },
  );
  if (listing.exitCode !== 0) throw new Error(`git ls-files: ${listing.stderr}`);
  const gone = Bun.spawnSync(["git", "ls-files", "-z", "--deleted"], { cwd: root });
  const deleted = new Set(gone.stdout.toString().split("\0"));
  return listing.stdout
    .toString()
    .split("\0")
    .filter((path) => path !== "" && !deleted.has(path));
}

/** Reads a source file and its imports. */
export function readSource(path: string): Source {
  const text = readFileSync(join(root, path), "utf8");
  return { path, text, code: withoutComments(text), imports: importsOf(path, text) };
}

/**
 * The imports of a file's text. They are read by pattern, because the transpiler's own scan leaves type-only
 * imports out and these matter for directions and circles, too.
 */
export function importsOf(path: string, text: string): Import[] {
  const code = withoutComments(text);
  const found: Import[] = [];
  const add = (specifier: string, lazy: boolean): void => {
    const ours = specifier.startsWith(".");
    const target = ours ? normalize(join(dirname(path), specifier)) : specifier;
    found.push({ target, ours, lazy });
  };
  const statement = /^[ \t]*(?:import|export)\b(?:[\s\w*,{}$]*?\bfrom)?\s*"([^"\n]+)"/gm;
  for (const [, specifier] of code.matchAll(statement)) add(specifier!, false);
  const call = /\bimport\(\s*"([^"\n]+)"\s*\)/g;
  for (const [, specifier] of code.matchAll(call)) add(specifier!, true);
  return found;
}

/** Blanks comments out; strings are skipped, so that `//` in an address stays. */
function withoutComments(text: string): string {
  const token = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return text.replace(token, (part) => (part.startsWith("/") ? " " : part));
}

/** The first circle of static imports, as the paths along it, or null when there is none. */
export function findCircle(sources: readonly Source[]): string[] | null {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    const source = byPath.get(path);
    if (!source || done.has(path)) return null;
    trail.push(path);
    for (const { target, ours, lazy } of source.imports) {
      const circle = ours && !lazy ? visit(target) : null;
      if (circle) return circle;
    }
    trail.pop();
    done.add(path);
    return null;
  };
  for (const { path } of sources) {
    const circle = visit(path);
    if (circle) return circle;
  }
  return null;
}
