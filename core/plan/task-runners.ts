import type { Task } from "./plan.ts";

/** Names of the runners that a task may be given to: its own, and the one that resolves its conflicts. */
export function runnersOf({ runner, resolver, onConflict }: Task): readonly string[] {
  return resolver === null || onConflict !== "agent" ? [runner] : [runner, resolver.runner];
}
