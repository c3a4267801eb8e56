import type { Workspace } from "./workspace.ts";

/** A directory without git: nothing is captured, nothing is merged, nothing is cleaned up. */
export function plainWorkspace(path: string): Workspace {
  return {
    path,
    base: null,
    environment: {},
    snapshot: async () => null,
    restore: async () => undefined,
    close: async () => undefined,
  };
}
