import { relative, resolve } from "node:path";
import type { Job } from "./runner.ts";
import { isFree } from "./scope.ts";

/** A tool that an agent asks for before it uses it, in the words of the Agent Client Protocol. */
export interface ToolUse {
  readonly kind: string;
  readonly paths: readonly string[];
}

const work: ReadonlySet<string> = new Set("read edit delete move search think execute".split(" "));
const writing: ReadonlySet<string> = new Set(["edit", "delete", "move"]);

/**
 * What an agent is answered. What stays in the workspace is what the task is for: it is allowed, as to every agent that runs
 * with all permissions, unless it writes outside of the scope of the job. Anything else a person decides.
 */
export function verdictOn({ cwd, scope }: Job, use: ToolUse): "allow" | "refuse" | "ask" {
  const paths = use.paths.map((path) => relative(cwd, resolve(cwd, path)));
  if (!work.has(use.kind) || paths.some((path) => path === ".." || path.startsWith("../"))) {
    return "ask";
  }
  if (scope === null || !writing.has(use.kind)) return "allow";
  return paths.every((path) => scope.covers(path) || isFree(cwd, path)) ? "allow" : "refuse";
}
