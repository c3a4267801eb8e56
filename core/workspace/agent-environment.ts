import { dirname } from "node:path";
import { configEnvironment } from "./git.ts";

/**
 * Variables for whatever runs in a workspace. Git finds no repository above it, never asks, never
 * collects garbage in the background, and every push fails.
 */
export function agentGitEnvironment(workspace: string): Readonly<Record<string, string>> {
  return {
    GIT_CEILING_DIRECTORIES: dirname(workspace),
    GIT_TERMINAL_PROMPT: "0",
    ...configEnvironment({
      "gc.auto": "0",
      "maintenance.auto": "false",
      "url.file:///dev/null/ra-push-blocked/.pushInsteadOf": "",
    }),
  };
}
