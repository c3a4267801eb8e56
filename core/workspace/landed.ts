import type { Site } from "./site.ts";
import type { LandedCommit, TouchingCommit } from "./workspace.ts";

/** Part of the history in which a run's commits are looked for. `base` null: all of it. */
interface Wanted {
  readonly run: string;
  readonly base: string | null;
  readonly tip: string;
}

/** What stands between two fields of a line: no trailer, id or subject can hold it. */
const gap = "%x1f";

/**
 * Ids of the tasks of a run that have a commit after `base` in the history of `tip`. Found by the trailers, so that
 * commits that were put in another order, rebased or squashed count too.
 */
export async function landedTasks(
  site: Site,
  wanted: Wanted & { readonly base: string },
): Promise<ReadonlySet<string>> {
  const { run, base, tip } = wanted;
  const format = `--format=${field("Ra-Run")}%x09${field("Ra-Task")}`;
  const printed = await site.control.run(["log", format, `${base}..${tip}`]);
  const tasks = new Set<string>();
  for (const line of printed.split("\n")) {
    const [runs = "", ids = ""] = line.split("\t");
    for (const id of tasksOf(run, runs, ids)) tasks.add(id);
  }
  return tasks;
}

/** The commits of a run in the first-parent history of `tip` after `base`, newest first; its reverts are among them. */
export async function landedCommits(site: Site, wanted: Wanted): Promise<readonly LandedCommit[]> {
  const { run, base, tip } = wanted;
  const names = ["Ra-Run", "Ra-Task", "Ra-Reverts"].map(field);
  const format = `--format=${["%H", "%P", ...names, "%s"].join(gap)}`;
  const range = base === null ? tip : `${base}..${tip}`;
  const printed = await site.control.run(["log", "--first-parent", format, range]);
  return printed.split("\n").flatMap((line) => {
    const [commit = "", parents = "", runs = "", ids = "", reverts = "", subject = ""] =
      line.split("\u001f");
    const tasks = tasksOf(run, runs, ids);
    if (tasks.length === 0) return [];
    const [parent = null] = parents === "" ? [] : parents.split(" ");
    const foreign = runs.split(" ").some((each) => each !== run);
    return [{ commit, parent, tasks, foreign, reverts: reverts.split(" ")[0] || null, subject }];
  });
}

/** The commits after `from` in the first-parent history of `to` that changed one of these paths, newest first. */
export async function commitsTouching(
  site: Site,
  wanted: { readonly from: string; readonly to: string; readonly paths: readonly string[] },
): Promise<readonly TouchingCommit[]> {
  const { from, to, paths } = wanted;
  const format = `--format=${["%H", field("Ra-Run"), field("Ra-Task"), "%s"].join(gap)}`;
  const args = ["--literal-pathspecs", "log", "--first-parent", format, `${from}..${to}`, "--"];
  const printed = await site.control.run([...args, ...paths]);
  return printed.split("\n").flatMap((line) => {
    const [commit = "", runs = "", tasks = "", subject = ""] = line.split("\u001f");
    if (commit === "") return [];
    const [run, task] = [runs.split(" ")[0], tasks.split(" ")[0]];
    return [{ commit, subject, task: run && task ? `${run}/${task}` : null }];
  });
}

function field(name: string): string {
  return `%(trailers:key=${name},valueonly,separator=%x20)`;
}

/** A squashed commit names several tasks, each behind the run it is of. */
function tasksOf(run: string, runs: string, ids: string): string[] {
  const named = ids.split(" ");
  return runs.split(" ").flatMap((each, i) => (each === run && named[i] ? [named[i]] : []));
}
