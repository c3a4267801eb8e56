import type { Plan } from "./plan.ts";
import { runnersOf } from "./task-runners.ts";

/** What a runner says of itself. */
interface Able {
  readonly traits: { readonly continues?: true };
}

/** Tasks that ask for `continueSession` of a runner that has no sessions, one line each. */
export function sessionWarnings(
  { tasks }: Pick<Plan, "tasks">,
  runners: ReadonlyMap<string, Able>,
): readonly string[] {
  return tasks.flatMap((task) => {
    if (!task.continueSession) return [];
    const unable = runnersOf(task).filter((name) => !runners.get(name)?.traits.continues);
    const names = unable.map((name) => `\`${name}\``).join(", ");
    const what = "its further attempts begin anew";
    return unable.length === 0
      ? []
      : [`task \`${task.id}\`: \`continueSession\` means nothing to ${names}: ${what}`];
  });
}
