import { Database } from "bun:sqlite";
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { referenceTasks, textOf } from "./reference-plan.ts";
import { type LoggedEvent, readLog, usersFiles, type World } from "./world.ts";

/** A file of a workspace at the moment of a death. */
export interface DirtyFile {
  readonly path: string;
  readonly text: string;
}

/** Every file that stands in a workspace, by its blob id. */
export function dirtyBlobs(world: World): ReadonlyMap<string, DirtyFile> {
  const found = new Map<string, DirtyFile>();
  for (const path of filesBelow(world.workspaces)) {
    if (path.includes("/.git/") || path.includes("/.trash/") || path.includes("/.scratch-"))
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
  const reachable = new Set(
    (world.git("rev-list", "--objects", "--no-object-names", "--all") ?? "").split("\n"),
  );
  return [
    ...judgeResults(world, log, reachable, dirty),
    ...judgeTarget(world, log),
    ...judgeFiles(world),
    ...judgeOrder(world, log),
    ...judgeLeavings(world),
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
  for (const { type, task, attempt, body } of log) {
    if (type !== "attempt.finished" || typeof body.kept !== "string") continue;
    if (!reachable.has(body.kept)) wrong.push(`INV-1: ${task}/${attempt} kept ${body.kept}, lost`);
    const text = world.git("show", `${body.kept}:${fileOf(task ?? "")}`);
    const isRight = text?.includes(textOf(task ?? "")) === true;
    const { kind } = body.outcome as { kind: string };
    if (kind === "succeeded" && !isRight) wrong.push(`INV-1: ${task}/${attempt} kept another text`);
  }
  const removed = new Set(readLines(join(world.top, "removed")));
  for (const [id, { path, text }] of dirty) {
    // A task that outlived its `ra` for a moment may have removed its draft itself.
    const draft = /^draft of (.*)\n$/.exec(text)?.[1];
    if (reachable.has(id) || (draft !== undefined && removed.has(draft))) continue;
    wrong.push(`INV-1: what stood at ${path} is lost: ${JSON.stringify(text)}`);
  }
  return wrong;
}

/** INV-2, 3, 11: the target moved forward, to checked trees, and holds each task once; the end says so. */
function judgeTarget(world: World, log: readonly LoggedEvent[]): string[] {
  const wrong: string[] = [];
  const moves = (world.git("reflog", "show", "--format=%H %gs", "main") ?? "").trim().split("\n");
  const values = moves.map((line) => line.split(" ")[0] as string).reverse();
  for (let i = 1; i < values.length; i++) {
    const [from = "", to = ""] = [values[i - 1], values[i]];
    if (world.git("merge-base", "--is-ancestor", from, to) === null) {
      wrong.push(`INV-2: the target went from ${from} to ${to}`);
    }
  }
  const verified = new Set(readLines(join(world.top, "verified")));
  const tree = (world.git("rev-parse", "main^{tree}") ?? "").trim();
  if (!verified.has(tree)) wrong.push("INV-2: the tree of the target was never checked");
  const trailers = world.git(
    "log",
    "--first-parent",
    "--format=%(trailers:key=Ra-Task,valueonly)",
    "main",
  );
  const landed = (trailers ?? "").split("\n").filter((line) => line !== "");
  for (const { id } of referenceTasks) {
    const times = landed.filter((task) => task === id).length;
    if (times !== 1) wrong.push(`INV-3: ${id} is on the target ${times} times`);
  }
  const end = log.filter(({ type }) => type === "run.finished").at(-1);
  if (end?.body.exitCode !== 0)
    wrong.push(`INV-11: the log ends with ${JSON.stringify(end?.body)}`);
  const tip = (world.git("rev-parse", "main") ?? "").trim();
  const published = end?.body.published as { to: string } | null | undefined;
  if (published && published.to !== tip) wrong.push("INV-11: the log names another tip");
  return wrong;
}

/** INV-4, 13: exactly the expected files are on the target, and the user's own are as they were. */
function judgeFiles(world: World): string[] {
  const expected = new Map<string, string>([
    ["README.md", "start\n"],
    ["notes.md", "start\n"],
  ]);
  for (const { id, makes } of referenceTasks) if (makes !== null) expected.set(makes, textOf(id));
  const listed = (world.git("ls-tree", "-r", "--name-only", "main") ?? "").trim().split("\n");
  const wrong: string[] = [];
  for (const [path, text] of expected) {
    if (world.git("show", `main:${path}`) !== text)
      wrong.push(`INV-4: ${path} is not as it was made`);
  }
  const shared = (world.git("show", "main:shared.txt") ?? "").trim().split("\n");
  const lines = referenceTasks.flatMap(({ id, makes }) =>
    makes === null ? [textOf(id).trim()] : [],
  );
  if ([...shared].sort().join() !== ["start", ...lines].sort().join()) {
    wrong.push(`INV-4: shared.txt holds ${shared.join(", ")}`);
  }
  for (const path of listed) {
    if (!expected.has(path) && path !== "shared.txt")
      wrong.push(`INV-4: ${path} came from nowhere`);
  }
  for (const [path, text] of Object.entries(usersFiles)) {
    const now = readFileSync(join(world.project, path), "utf8");
    if (now !== text) wrong.push(`INV-13: the user's ${path} holds ${JSON.stringify(now)}`);
  }
  const status = (world.git("status", "--porcelain") ?? "no answer").trim();
  if (status !== "M notes.md\n?? untracked.txt") wrong.push(`INV-13: git status says ${status}`);
  return wrong;
}

/** INV-6, 7: one live attempt a task, and none before what it needs. */
function judgeOrder(world: World, log: readonly LoggedEvent[]): string[] {
  const wrong = readLines(join(world.top, "overlaps")).map(
    (id) => `INV-6: ${id} ran twice at once`,
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
  return wrong;
}

/** INV-9: nothing of a run that is over is left but what it is to keep. */
function judgeLeavings(world: World): string[] {
  const wrong: string[] = [];
  for (const [pid, command] of world.living())
    wrong.push(`INV-9: process ${pid} lives: ${command}`);
  const gitDir = join(world.project, ".git");
  const isOurs = (path: string): boolean =>
    path.endsWith(".lock") && !/\/(landing|recovery)\.lock$/.test(path);
  for (const path of filesBelow(gitDir)) if (isOurs(path)) wrong.push(`INV-9: lock ${path}`);
  const refs = (world.git("for-each-ref", "--format=%(refname)", "refs/ra") ?? "").split("\n");
  for (const ref of refs) {
    if (/\.(base|before)$/.test(ref)) wrong.push(`INV-9: ref ${ref}`);
  }
  for (const dir of ["control.git/indexes", "quarantine"]) {
    for (const name of listOf(join(gitDir, "ra", dir))) wrong.push(`INV-9: ${dir}/${name}`);
  }
  for (const repository of listOf(world.workspaces)) {
    for (const name of listOf(join(world.workspaces, repository))) {
      const below = listOf(join(world.workspaces, repository, name));
      wrong.push(`INV-9: workspaces/${name} with ${below.join(", ")}`);
    }
  }
  const temporary = listOf(world.top).filter((name) => name.startsWith("ra-"));
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

function fileOf(id: string): string {
  return referenceTasks.find((task) => task.id === id)?.makes ?? "shared.txt";
}

function blobId(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

function filesBelow(dir: string): string[] {
  const found: string[] = [];
  for (const name of listOf(dir)) {
    const path = join(dir, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) found.push(...filesBelow(path));
    else if (stat !== undefined) found.push(path);
  }
  return found;
}

function listOf(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch {
    return [];
  }
}

function readLines(path: string): string[] {
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
}
