import { Database } from "bun:sqlite";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { filesBelow, gitLines, linesOf, namesIn, textsOf } from "./evidence.ts";
import { referenceTasks, textOf } from "./reference-plan.ts";
import { judgeTarget, judgeUser } from "./target-oracle.ts";
import { type LoggedEvent, readLog, type World } from "./world.ts";

/** A file of a workspace at the moment of a death. */
export interface DirtyFile {
  readonly path: string;
  readonly text: string;
}

/** Every file that a task had in its workspace, by its blob id. */
export function dirtyBlobs(world: World): ReadonlyMap<string, DirtyFile> {
  const found = new Map<string, DirtyFile>();
  const inPlace = world.reference === "in-place" ? namesIn(world.project) : [];
  const drafts = inPlace.filter((name) => name.startsWith("draft-"));
  const paths = drafts.map((name) => join(world.project, name));
  for (const path of [...filesBelow(world.workspaces), ...paths]) {
    if (/\/\.git(?:\/|$)/.test(path) || path.includes("/.trash/") || path.includes("/.scratch-"))
      continue;
    try {
      const bytes = readFileSync(path);
      // A shell creates the file before it has written the text.
      if (bytes.length > 0) found.set(blobId(bytes), { path, text: bytes.toString() });
    } catch {
      // Moved by its task since it was listed.
    }
  }
  return found;
}

/** What must not be once a run has come to its end, one line each. Asks git, the registry's file, `/proc` and the disk. */
export function judge(world: World, dirty: ReadonlyMap<string, DirtyFile>): string[] {
  const log = readLog(world);
  const reachable = new Set(gitLines(world, "rev-list", "--objects", "--no-object-names", "--all"));
  return [
    ...judgeResults(world, log, reachable, dirty),
    ...judgeTarget(world, log),
    ...judgeUser(world),
    ...judgeOrder(world, log),
    ...judgeLeavings(world, log),
    ...judgeStores(world, log),
  ];
}

/** INV-1: no recorded result and no byte of a workspace is lost. */
function judgeResults(
  world: World,
  log: readonly LoggedEvent[],
  reachable: ReadonlySet<string>,
  dirty: ReadonlyMap<string, DirtyFile>,
): string[] {
  const wrong: string[] = [];
  const kept = log.flatMap(({ type, task, attempt, body }) => {
    if (type !== "attempt.finished" || typeof body.kept !== "string" || task === null) return [];
    const { kind } = body.outcome as { kind: string };
    return [{ name: `${task}/${attempt}`, task, commit: body.kept, kind }];
  });
  const fileAt = (commit: string, task: string): string => `${commit}:${fileOf(task)}`;
  const texts = textsOf(
    world,
    kept.map(({ commit, task }) => fileAt(commit, task)),
  );
  for (const { name, task, commit, kind } of kept) {
    if (!reachable.has(commit)) wrong.push(`INV-1: ${name} kept ${commit}, lost`);
    const isRight = texts.get(fileAt(commit, task))?.includes(textOf(task)) === true;
    if (kind === "succeeded" && !isRight) wrong.push(`INV-1: ${name} kept another text`);
  }
  const removed = new Set(linesOf(join(world.top, "removed")));
  for (const [id, { path, text }] of dirty) {
    // A task that outlived its `ra` for a moment may have removed its draft itself.
    const draft = /^draft of (.*)\n$/.exec(text)?.[1];
    if (reachable.has(id) || (draft !== undefined && removed.has(draft))) continue;
    wrong.push(`INV-1: what stood at ${path} is lost: ${JSON.stringify(text)}`);
  }
  return wrong;
}

/** INV-6, 7, 14: one live attempt a task, none before what it needs, and one end of each. */
function judgeOrder(world: World, log: readonly LoggedEvent[]): string[] {
  const wrong = linesOf(join(world.top, "overlaps")).map(
    (line) => `INV-6: ran twice at once: ${line}`,
  );
  const done = new Set<string>();
  const open = new Set<string>();
  for (const { seq, type, task, body } of log) {
    if (type === "run.resumed") open.clear();
    if (task === null) continue;
    if (type === "attempt.started") {
      if (open.has(task)) wrong.push(`INV-6: event ${seq} starts ${task} while it runs`);
      open.add(task);
      const { deps } = referenceTasks.find(({ id }) => id === task) ?? { deps: [] };
      for (const dep of deps)
        if (!done.has(dep)) wrong.push(`INV-7: ${task} started before ${dep}`);
    }
    if (type === "attempt.finished") open.delete(task);
    if (type === "task.finished" && body.status === "done") {
      if (done.has(task)) wrong.push(`INV-3: event ${seq} ends ${task} a second time`);
      done.add(task);
    }
  }
  for (const { id } of referenceTasks) if (!done.has(id)) wrong.push(`INV-14: ${id} is not done`);
  return wrong;
}

/** INV-9: nothing of a run that is over is left but what it is to keep. */
function judgeLeavings(world: World, log: readonly LoggedEvent[]): string[] {
  const wrong: string[] = [];
  for (const [pid, command] of world.living())
    wrong.push(`INV-9: process ${pid} lives: ${command}`);
  const gitDir = join(world.project, ".git");
  const isLeft = (path: string): boolean =>
    path.endsWith(".lock") && !/\/(landing|recovery)\.lock$/.test(path);
  for (const path of filesBelow(gitDir)) if (isLeft(path)) wrong.push(`INV-9: lock ${path}`);
  const attempts = new Set(
    log.filter(({ type }) => type === "attempt.started").map((event) => nameOf(event)),
  );
  for (const ref of gitLines(world, "for-each-ref", "--format=%(refname)", "refs/ra")) {
    const [, name, rest = ""] = /^refs\/ra\/([^/]+\/[^/]+\/\d+)(.*)$/.exec(ref) ?? [];
    if (rest === ".base" || rest === ".before") wrong.push(`INV-9: ref ${ref}`);
    if (!ref.endsWith("/_tip") && !attempts.has(name ?? "")) {
      wrong.push(`INV-9: ref ${ref} is of nothing in the log`);
    }
  }
  for (const dir of ["control.git/indexes", "quarantine"]) {
    for (const name of namesIn(join(gitDir, "ra", dir))) wrong.push(`INV-9: ${dir}/${name}`);
  }
  for (const name of namesIn(join(gitDir, "worktrees"))) wrong.push(`INV-9: worktree ${name}`);
  for (const repository of namesIn(world.workspaces)) {
    for (const name of namesIn(join(world.workspaces, repository))) {
      const below = namesIn(join(world.workspaces, repository, name));
      wrong.push(`INV-9: workspaces/${name} with ${below.join(", ")}`);
    }
  }
  const temporary = namesIn(world.top).filter((name) => name.startsWith("ra-"));
  for (const name of temporary) wrong.push(`INV-9: temporary ${name}`);
  return wrong;
}

/** INV-15: git and SQLite find nothing wrong with their stores, and the log has no gap. */
function judgeStores(world: World, log: readonly LoggedEvent[]): string[] {
  const wrong: string[] = [];
  if (world.git("fsck", "--full", "--strict", "--no-dangling") === null)
    wrong.push("INV-15: git fsck fails");
  using database = new Database(world.registry, { readonly: true });
  const checked = database.query<{ integrity_check: string }, []>("pragma integrity_check").all();
  if (checked[0]?.integrity_check !== "ok") wrong.push("INV-15: the registry is damaged");
  for (const [i, { seq }] of log.entries()) {
    if (seq !== i + 1) return [...wrong, `INV-15: event ${i + 1} of the log has number ${seq}`];
  }
  return wrong;
}

function nameOf({ run, task, attempt }: LoggedEvent): string {
  return `${run}/${task}/${attempt}`;
}

function fileOf(id: string): string {
  return referenceTasks.find((task) => task.id === id)?.makes ?? "shared.txt";
}

function blobId(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}
