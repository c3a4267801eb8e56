import type { Site } from "./site.ts";

/**
 * Ids of the tasks of a run that have a commit after `base` in the history of `tip`. Found by the trailers, so that
 * commits that were put in another order, rebased or squashed count too.
 */
export async function landedTasks(
  site: Site,
  wanted: { readonly run: string; readonly base: string; readonly tip: string },
): Promise<ReadonlySet<string>> {
  const { run, base, tip } = wanted;
  const field = (name: string): string => `%(trailers:key=${name},valueonly,separator=%x20)`;
  const format = `--format=${field("Ra-Run")}%x09${field("Ra-Task")}`;
  const printed = await site.control.run(["log", format, `${base}..${tip}`]);
  const tasks = new Set<string>();
  for (const line of printed.split("\n")) {
    const [runs = "", ids = ""] = line.split("\t");
    const named = ids.split(" ");
    runs.split(" ").forEach((each, i) => {
      const id = named[i];
      if (each === run && id) tasks.add(id);
    });
  }
  return tasks;
}
