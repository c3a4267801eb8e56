import { type Dirent, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";

/** What a task whose plan says `scope: block` may write. Core looks at the result all the same. */
export interface Scope {
  /**
   * The claimed paths as patterns, relative to the working directory: `*` and `?` inside a segment, `**` for whole ones.
   * They may say more than the plan, never less, but for the case of letters.
   */
  readonly claimed: readonly string[];
  /** Whether a path, relative to the working directory, is claimed; exactly as the plan says. */
  covers(path: string): boolean;
}

/** Existing paths that are named at most, and directories that are looked into for them. */
const namedMax = 400;
const lookedIntoMax = 1000;

/**
 * Files and directories in a working directory that lie outside a scope, absolute, a directory for all in it. Left out is
 * what git ignores by a plain name, for that is no part of a result, git's own, and links. Where they are too many, some are
 * missing.
 */
export function outsideOf(cwd: string, scope: Scope): readonly string[] {
  const root = realpathSync(cwd);
  const claimed = scope.claimed.map(compile);
  const ignored = ignoredIn(root).map(compile);
  const found: string[] = [];
  const left = [""];
  for (let looked = 0; left.length > 0 && looked < lookedIntoMax; looked += 1) {
    const above = left.shift() as string;
    for (const entry of entriesIn(join(root, above))) {
      const path = above === "" ? entry.name : `${above}/${entry.name}`;
      // A link may lead into the scope.
      if (path === ".git" || entry.isSymbolicLink() || reach(ignored, path) === "whole") continue;
      const reached = reach(claimed, path);
      if (reached === "whole" || scope.covers(path)) continue;
      if (reached === "below" && entry.isDirectory()) left.push(path);
      else if (found.push(join(root, path)) === namedMax) return found.sort();
    }
  }
  return found.sort();
}

/** None where it cannot be read. */
function entriesIn(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** What git ignores, as patterns like those of a scope, as far as the top `.gitignore` says it without exceptions. */
export function ignoredIn(cwd: string): readonly string[] {
  let text = "";
  try {
    text = readFileSync(join(cwd, ".gitignore"), "utf8");
  } catch {
    // Without the file nothing is ignored.
  }
  const lines = text.split("\n").map((line) => line.trim().replace(/\/$/, ""));
  const plain = lines.filter((line) => /^[\w.\-/@+=~,*?]+$/.test(line));
  return plain.flatMap((line) => {
    const path = line.includes("/") ? line.replace(/^\//, "") : `**/${line}`;
    return [path, `${path}/**`];
  });
}

/** Whether git ignores a path, relative to the working directory, as far as `ignoredIn` tells. */
export function isFree(cwd: string, path: string): boolean {
  return reach(ignoredIn(cwd).map(compile), path) === "whole";
}

type Segments = readonly (RegExp | "**")[];

function compile(pattern: string): Segments {
  return pattern.split("/").map((segment) => {
    if (segment === "**") return segment;
    const escaped = segment.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
    return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "iu");
  });
}

/** `whole`: a pattern names the path, or all below it. `below`: one may name something below it. */
function reach(patterns: readonly Segments[], path: string): "whole" | "below" | "none" {
  const parts = path.split("/");
  const reached = patterns.map((segments) => reachOf(segments, parts));
  return reached.includes("whole") ? "whole" : reached.includes("below") ? "below" : "none";
}

function reachOf(segments: Segments, parts: readonly string[]): "whole" | "below" | "none" {
  let places = skipping(segments, [0]);
  for (const part of parts) {
    const next = places.flatMap((at) => {
      const segment = segments[at];
      if (segment === "**") return [at];
      return segment?.test(part) ? [at + 1] : [];
    });
    places = skipping(segments, next);
  }
  if (places.includes(segments.length)) return "whole";
  return places.length > 0 ? "below" : "none";
}

/** `**` stands for no segment as well. */
function skipping(segments: Segments, places: readonly number[]): readonly number[] {
  const all = new Set(places);
  for (const at of all) if (segments[at] === "**") all.add(at + 1);
  return [...all];
}
