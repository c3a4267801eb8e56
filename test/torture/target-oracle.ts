import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gitLines, linesOf, textsOf } from "./evidence.ts";
import { referenceTasks, textOf } from "./reference-plan.ts";
import type { LoggedEvent, World } from "./world.ts";

/** INV-2, 3, 4, 11: the target moved forward, to checked trees, and holds each task once and nothing else; the log says so. */
export function judgeTarget(world: World, log: readonly LoggedEvent[]): string[] {
  return [...judgeMoves(world), ...judgeTasks(world), ...judgeTree(world), ...judgeEnd(world, log)];
}

/** Every value that the target ever had, from its reflog: the user's own moves are known, all others are landings. */
function judgeMoves(world: World): string[] {
  const wrong: string[] = [];
  const format = "--format=%H %T %gs";
  const moves = gitLines(world, "reflog", "show", format, "main").toReversed();
  const verified = new Set(linesOf(join(world.top, "verified")));
  let from = moves[0]?.split(" ")[0] ?? "";
  for (const move of moves.slice(1)) {
    const [to = "", tree = "", ...words] = move.split(" ");
    const isForward = world.git("merge-base", "--is-ancestor", from, to) !== null;
    if (!isForward) wrong.push(`INV-2: the target went from ${from} to ${to}`);
    if (!world.usersCommits.has(to)) {
      const message = words.join(" ");
      if (message !== "ra: land") wrong.push(`INV-2: somebody moved the target: ${message}`);
      if (!verified.has(tree)) wrong.push(`INV-2: the tree of ${to} was never checked`);
    }
    from = to;
  }
  const tip = gitLines(world, "rev-parse", "main")[0];
  if (tip !== from)
    wrong.push(`INV-2: the target is at ${tip}, and its last known move was to ${from}`);
  return wrong;
}

function judgeTasks(world: World): string[] {
  const wrong: string[] = [];
  const format = "--format=%H %(trailers:key=Ra-Task,valueonly,separator=%x20)";
  const commits = gitLines(world, "log", "--first-parent", format, "main");
  const landed = commits.map((line) => line.split(" ")[1] ?? "");
  for (const { id } of referenceTasks) {
    const times = landed.filter((task) => task === id).length;
    if (times !== 1) wrong.push(`INV-3: ${id} is on the target ${times} times`);
  }
  const there = new Set(commits.map((line) => line.split(" ")[0]));
  for (const commit of world.usersCommits) {
    if (!there.has(commit)) wrong.push(`INV-2: the user's commit ${commit} is gone`);
  }
  return wrong;
}

/** Exactly the expected files are on the target. */
function judgeTree(world: World): string[] {
  const expected = new Map<string, string>([
    ["README.md", "start\n"],
    ["notes.md", "start\n"],
  ]);
  for (const { id, makes } of referenceTasks) if (makes !== null) expected.set(makes, textOf(id));
  const shared = "main:shared.txt";
  const texts = textsOf(world, [...[...expected.keys()].map((path) => `main:${path}`), shared]);
  const wrong: string[] = [];
  for (const [path, text] of expected) {
    if (texts.get(`main:${path}`) !== text) wrong.push(`INV-4: ${path} is not as it was made`);
  }
  const lines = (texts.get(shared) ?? "").trim().split("\n");
  const made = referenceTasks.flatMap(({ id, makes }) =>
    makes === null ? [textOf(id).trim()] : [],
  );
  if (lines.toSorted().join() !== ["start", ...made].toSorted().join()) {
    wrong.push(`INV-4: shared.txt holds ${lines.join(", ")}`);
  }
  for (const path of gitLines(world, "ls-tree", "-r", "--name-only", "main")) {
    const isUsers = /^user-.*\.txt$/.test(path) && !world.usersLeft.has(path);
    if (!expected.has(path) && path !== "shared.txt" && !isUsers) {
      wrong.push(`INV-4: ${path} came from nowhere`);
    }
  }
  return wrong;
}

function judgeEnd(world: World, log: readonly LoggedEvent[]): string[] {
  const end = log.findLast(({ type }) => type === "run.finished");
  const wrong: string[] = [];
  if (end?.body.exitCode !== 0)
    wrong.push(`INV-11: the log ends with ${JSON.stringify(end?.body ?? null)}`);
  const published = end?.body.published as { to: string } | null | undefined;
  const landings = gitLines(world, "log", "--first-parent", "--format=%H", "main").filter(
    (commit) => !world.usersCommits.has(commit),
  );
  if (published && published.to !== landings[0]) wrong.push("INV-11: the log names another tip");
  return wrong;
}

/** INV-13: the user's files, index, branches, stash and HEAD are as the user left them. */
export function judgeUser(world: World): string[] {
  const wrong: string[] = [];
  for (const [path, text] of Object.entries(world.usersFiles)) {
    const now = textAt(join(world.project, path));
    if (now !== text) wrong.push(`INV-13: the user's ${path} holds ${JSON.stringify(now)}`);
  }
  for (const path of world.usersLeft.keys()) {
    const now = textAt(join(world.project, path));
    const name = path.slice("user-".length, -".txt".length);
    if (now !== `by the user: ${name}\n`) {
      wrong.push(`INV-13: the user's ${path} holds ${JSON.stringify(now)}`);
    }
  }
  const status = (world.git("status", "--porcelain") ?? "no answer").trimEnd().split("\n");
  const said = status.toSorted().join("; ");
  const expected = statusOf(world).toSorted().join("; ");
  if (said !== expected) wrong.push(`INV-13: git status says ${said} and not ${expected}`);
  const head = world.git("symbolic-ref", "--quiet", "HEAD")?.trim() ?? "detached";
  if (head !== "refs/heads/main") wrong.push(`INV-13: HEAD is ${head}`);
  const refs = gitLines(world, "for-each-ref", "--format=%(refname) %(objectname)");
  const others = refs.filter((ref) => !/^refs\/(heads\/main |ra\/)/.test(ref)).join("; ");
  const first = gitLines(world, "rev-list", "--max-parents=0", "main")[0];
  if (others !== `refs/heads/topic ${first}`) wrong.push(`INV-13: other refs are ${others}`);
  return wrong;
}

function statusOf({ usersFiles, usersLeft }: World): string[] {
  const kinds: Readonly<Record<string, string>> = { "notes.md": " M", "staged.txt": "A " };
  const lines = Object.keys(usersFiles).map((path) => `${kinds[path] ?? "??"} ${path}`);
  return [...lines, ...[...usersLeft].map(([path, kind]) => `${kind} ${path}`)];
}

function textAt(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
