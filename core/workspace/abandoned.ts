import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Isolation } from "../plan/plan.ts";
import { baseRef, indexPath, setWorkspaceAside } from "./isolated.ts";
import { type AttemptPlace, setAside } from "./layout.ts";
import type { Site } from "./site.ts";
import type { AbandonedWorkspace } from "./workspace.ts";
import { linkedBelow, removeWorktreesOf } from "./worktree.ts";

const refPattern = /^refs\/ra\/[^/]+\/([^/]+)\/(\d+)\.(base|before)$/;

/** Attempts of a run of which a directory or a ref of an open workspace stands. The `ra` of the run must be dead. */
export async function abandonedWorkspaces(
  site: Site,
  run: string,
  lasting: ReadonlyMap<string, number> = new Map(),
): Promise<readonly AbandonedWorkspace[]> {
  const found = new Map<string, { task: string; attempt: number; marks: Map<string, string> }>();
  const entry = (task: string, attempt: number): { marks: Map<string, string> } => {
    const key = `${task}.${attempt}`;
    const known = found.get(key) ?? { task, attempt, marks: new Map<string, string>() };
    found.set(key, known);
    return known;
  };
  for (const [ref, commit] of await refsOf(site, run)) {
    const [, task, attempt, mark] = refPattern.exec(ref) ?? [];
    if (task && mark) entry(task, Number(attempt)).marks.set(mark, commit);
  }
  const dir = join(site.layout.root, run);
  for (const name of await readdir(dir).catch(() => [])) {
    const { task, attempt } = placeOf(run, name, lasting);
    if (task !== "") entry(task, attempt);
  }
  const linked = new Set(await linkedBelow(site, dir));
  return [...found.values()].map(({ task, attempt, marks }) => {
    const lasts = lasting.get(task) === attempt ? { lasting: true } : {};
    const path = site.layout.workspace({ run, task, attempt, ...lasts });
    const own: Isolation = linked.has(path) ? "worktree" : "clone";
    const isolation = marks.has("before") ? "in-place" : own;
    const base = marks.get("base") ?? null;
    const index = indexPath(site, { run, task, attempt });
    return { task, attempt, isolation, base, isFilled: existsSync(index), ...lasts };
  });
}

/** Ids of the runs of which a directory of workspaces stands, whoever made them. */
export async function standingRuns({ layout }: Site): Promise<readonly string[]> {
  const names = await readdir(layout.root).catch(() => []);
  return names.filter((name) => name !== ".trash" && name !== "leftovers");
}

/**
 * Removes what a dead `ra` left of a run besides its work: throw-away checkouts, index files, bases. `empty`: workspaces in which nobody has worked. Whatever else stands among its workspaces is set aside.
 */
export async function clearAbandoned(
  site: Site,
  run: string,
  leftovers: {
    readonly empty: readonly AbandonedWorkspace[];
    /** Workspaces that stay open, as `task.attempt`. */
    readonly open: ReadonlySet<string>;
    readonly lasting?: ReadonlyMap<string, number>;
  },
): Promise<void> {
  for (const { isolation, ...place } of leftovers.empty) {
    if (isolation === "in-place") continue;
    await site.trash.take(site.layout.workspace({ run, ...place }));
  }
  const dir = join(site.layout.root, run);
  const found = await refsOf(site, run);
  const bases = new Map(found);
  for (const name of await readdir(dir).catch(() => [])) {
    if (name.startsWith(".")) {
      await site.trash.take(join(dir, name));
      continue;
    }
    const place = placeOf(run, name, leftovers.lasting);
    const base = bases.get(baseRef(place)) ?? null;
    if (site.layout.workspace(place) !== join(dir, name))
      await setAside(site.layout.root, join(dir, name));
    else await setWorkspaceAside(site, place, base);
  }
  await removeWorktreesOf(site, run, dir);
  for (const name of await readdir(site.indexDir).catch(() => [])) {
    const [owner, task, attempt] = name.split(".");
    if (owner !== run || leftovers.open.has(`${task}.${attempt}`)) continue;
    await rm(join(site.indexDir, name), { recursive: true, force: true });
  }
  const closed = found.filter(([ref]) => {
    const [, task, attempt] = refPattern.exec(ref) ?? [];
    return task !== undefined && !leftovers.open.has(`${task}.${attempt}`);
  });
  await site.refs.removeAll(closed.map(([ref]) => ref));
}

/** The attempt that a directory of a run is of, by its name. */
function placeOf(
  run: string,
  name: string,
  lasting: ReadonlyMap<string, number> = new Map(),
): AttemptPlace {
  const [task = "", number] = name.split(".");
  const last = lasting.get(task);
  if (number === undefined && last !== undefined)
    return { run, task, attempt: last, lasting: true };
  return { run, task, attempt: Number(number ?? 1) };
}

/** Removes the locks on the refs of a run, of whatever age: only `ra` writes below these, and the one that did is dead. */
export async function clearLocksOfRun(site: Site, run: string): Promise<void> {
  const { commonDir } = site.place;
  const own = join(commonDir, "refs", "ra", run);
  for (const name of await readdir(own, { recursive: true }).catch(() => [])) {
    if (name.endsWith(".lock")) await rm(join(own, name), { force: true });
  }
  const branches = join(commonDir, "refs", "heads", "ra");
  for (const name of await readdir(branches).catch(() => [])) {
    const isOwn = name === `${run}.lock` || name.startsWith(`${run}-`);
    if (isOwn && name.endsWith(".lock")) await rm(join(branches, name), { force: true });
  }
}

/** Removes the refs that keep the bases of a run's attempts. The run must be over. */
export async function removeBases(site: Site, run: string): Promise<void> {
  for (const [ref] of await refsOf(site, run)) {
    if (refPattern.exec(ref)?.[3] === "base") await site.refs.remove(ref);
  }
}

async function refsOf(site: Site, run: string): Promise<(readonly [string, string])[]> {
  const args = ["for-each-ref", "--format=%(refname) %(objectname)", `refs/ra/${run}/`];
  const lines = (await site.user.run(args)).split("\n").filter((line) => line !== "");
  return lines.map((line) => line.split(" ") as [string, string]);
}
