import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestEnd, temporaryDirectory } from "../support/leftovers.ts";
import { gitLines } from "./evidence.ts";
import { type DirtyFile, judge } from "./oracle.ts";
import { commitAsUser, makeWorld, openWorld, type World } from "./world.ts";

/*
 * The oracle is shown worlds that somebody has damaged, each a copy of one in which a run came to its end: what it lets
 * pass here it would let pass in a campaign.
 */

let whole: World;
const top = `${process.env.TMPDIR ?? "/tmp"}/ra-oracle-${process.pid}`;

beforeAll(async () => {
  mkdirSync(top);
  whole = await makeWorld(join(top, "whole"), "user");
  await commitAsUser(whole, "before");
  const child = await whole.ra("dispatch", `${whole.top}/plan.json`);
  expect(await child.ended).toBe(0);
}, 60_000);

afterAll(() => rmSync(top, { recursive: true, force: true }));

/** A copy with the same user. The journals and the plan name the paths of the original, which nobody reads. */
function copyOfWorld(): World {
  const copy = join(temporaryDirectory("ra-oracle-copy"), "world");
  cpSync(whole.top, copy, { recursive: true, preserveTimestamps: true });
  const world = openWorld(copy, whole.reference);
  for (const commit of whole.usersCommits) world.usersCommits.add(commit);
  world.git("update-index", "--refresh");
  return world;
}

function change(world: World, sql: string): void {
  using database = new Database(world.registry, { readwrite: true });
  database.run("pragma foreign_keys = off");
  database.run(sql);
}

/** Commits a tree on the target without a word to anybody. */
function commitOn(world: World, parent: string, message: string, reason: string): string {
  const [commit = ""] = gitLines(world, "commit-tree", "main^{tree}", "-p", parent, "-m", message);
  world.git("update-ref", "-m", reason, "refs/heads/main", commit);
  return commit;
}

const landed = "Ra-Run: r7k2\nRa-Task: a1\n";
const aResult = (world: World): string =>
  gitLines(world, "for-each-ref", "--format=%(refname)", "refs/ra/*/a1/1")[0] ?? "";
const nothing: ReadonlyMap<string, DirtyFile> = new Map();

/** How a world is damaged, and what the oracle is to say of it. */
const damages: Readonly<Record<string, [RegExp, (world: World) => unknown]>> = {
  "a result is lost": [
    /INV-1: a1\/1 kept/,
    (world) => world.git("update-ref", "-d", aResult(world)),
  ],
  "a result holds another text": [
    /INV-1: a1\/1 kept another text/,
    (world) =>
      change(
        world,
        `update events set body = json_set(body, '$.kept', '${gitLines(world, "rev-list", "--max-parents=0", "main")[0]}') where type = 'attempt.finished' and task = 'a1'`,
      ),
  ],
  "the target goes back": [
    /INV-2: the target went from/,
    (world) => world.git("update-ref", "-m", "ra: land", "refs/heads/main", "main~1"),
  ],
  "the target is moved without a word": [
    /INV-2: somebody moved the target/,
    (world) => commitOn(world, "main", "more", "by hand"),
  ],
  "the target is moved behind its reflog": [
    /INV-2: the target is at/,
    (world) => {
      const [commit = ""] = gitLines(world, "commit-tree", "main^{tree}", "-p", "main", "-m", "x");
      writeFileSync(join(world.project, ".git", "refs", "heads", "main"), `${commit}\n`);
    },
  ],
  "what landed was never checked": [
    /INV-2: the tree of .* was never checked/,
    (world) => writeFileSync(join(world.top, "verified"), ""),
  ],
  "a commit of the user is gone": [
    /INV-2: the user's commit/,
    (world) => world.usersCommits.add("0123456789012345678901234567890123456789"),
  ],
  "a task landed twice": [
    /INV-3: a1 is on the target 2 times/,
    (world) => commitOn(world, "main", `dispatch: task a1\n\n${landed}`, "ra: land"),
  ],
  "a task did not land": [
    /INV-3: .* is on the target 0 times/,
    (world) => world.git("update-ref", "-m", "ra: land", "refs/heads/main", "main~1"),
  ],
  "a task ended twice": [
    /INV-3: event \d+ ends a1 a second time/,
    (world) =>
      change(world, "update events set task = 'a1' where type = 'task.finished' and task = 'a2'"),
  ],
  "a file of the target is another": [
    /INV-4: out\/a1.txt is not as it was made/,
    (world) => withTree(world, "out/a1.txt", "something else\n"),
  ],
  "a file came from nowhere": [
    /INV-4: surprise.txt came from nowhere/,
    (world) => withTree(world, "surprise.txt", "boo\n"),
  ],
  "a line of one task was taken away by another": [
    /INV-4: shared.txt holds/,
    (world) => withTree(world, "shared.txt", "start\nmade by clash-one\n"),
  ],
  "two attempts of a task at once": [
    /INV-6: ran twice at once: a1/,
    (world) => appendFileSync(join(world.top, "overlaps"), "a1 17 S beside 18\n"),
  ],
  "two attempts of a task open in the log": [
    /INV-6: event \d+ starts/,
    (world) =>
      change(world, "update events set task = 'a2' where type = 'attempt.started' and task = 'a1'"),
  ],
  "a task before what it needs": [
    /INV-7: d1 started before b1/,
    (world) =>
      change(world, "update events set task = 'd1' where type = 'attempt.started' and task = 'a1'"),
  ],
  "a process that lives": [
    /INV-9: process \d+ lives: sleep/,
    (world) => {
      const child = Bun.spawn(["sleep", "60"], { env: world.env });
      onTestEnd(async () => {
        child.kill();
        await child.exited;
      });
    },
  ],
  "a lock of a ref": [
    /INV-9: lock .*refs\/ra\/x.lock/,
    (world) => writeFileSync(join(world.project, ".git", "refs", "ra", "x.lock"), ""),
  ],
  "a lock of the index": [
    /INV-9: lock .*index.lock/,
    (world) => writeFileSync(join(world.project, ".git", "index.lock"), ""),
  ],
  "a pinned base": [
    /INV-9: ref .*\.base/,
    (world) => world.git("update-ref", `${aResult(world)}.base`, "main"),
  ],
  "a ref of nothing": [
    /INV-9: ref refs\/ra\/zzzz\/ghost\/1 is of nothing/,
    (world) => world.git("update-ref", "refs/ra/zzzz/ghost/1", "main"),
  ],
  "an index": [
    /INV-9: control.git\/indexes\/r.a.1/,
    (world) => put(world.project, ".git/ra/control.git/indexes/r.a.1", ""),
  ],
  "a quarantine": [
    /INV-9: quarantine\/1/,
    (world) => put(world.project, ".git/ra/quarantine/1/pack", ""),
  ],
  "a workspace that nobody knows": [
    /INV-9: workspaces\/r7k2 with a1/,
    (world) => put(world.workspaces, "project-0/r7k2/a1", ""),
  ],
  "a linked worktree": [
    /INV-9: worktree a1/,
    (world) => put(world.project, ".git/worktrees/a1/gitdir", ""),
  ],
  "a temporary directory": [
    /INV-9: temporary ra-attempt-x/,
    (world) => put(world.top, "ra-attempt-x/file", ""),
  ],
  "an end that is none": [
    /INV-11: the log ends with/,
    (world) =>
      change(
        world,
        "update events set body = json_set(body, '$.exitCode', 1) where type = 'run.finished'",
      ),
  ],
  "an end that names another tip": [
    /INV-11: the log names another tip/,
    (world) =>
      change(
        world,
        "update events set body = json_set(body, '$.published.to', 'beef') where type = 'run.finished'",
      ),
  ],
  "a changed file of the user": [
    /INV-13: the user's notes.md holds/,
    (world) => appendFileSync(join(world.project, "notes.md"), "!"),
  ],
  "a file of the user that is gone": [
    /INV-13: the user's untracked.txt holds null/,
    (world) => rmSync(join(world.project, "untracked.txt")),
  ],
  "an index of the user that lost what was staged": [
    /INV-13: git status says/,
    (world) => world.git("rm", "--cached", "--quiet", "staged.txt"),
  ],
  "a checkout that lags behind its branch": [
    /INV-13: git status says/,
    (world) => rmSync(join(world.project, "out", "a1.txt")),
  ],
  "another HEAD": [
    /INV-13: HEAD is/,
    (world) => world.git("symbolic-ref", "HEAD", "refs/heads/topic"),
  ],
  "another branch of the user": [
    /INV-13: other refs/,
    (world) => world.git("update-ref", "refs/heads/topic", "main"),
  ],
  "a stash": [/INV-13: other refs/, (world) => world.git("update-ref", "refs/stash", "main")],
  "a task without an end": [
    /INV-14: a1 is not done/,
    (world) =>
      change(world, "update events set type = 'x' where type = 'task.finished' and task = 'a1'"),
  ],
  "a missing object": [
    /INV-15: git fsck fails/,
    (world) => {
      const [blob = ""] = gitLines(world, "rev-parse", "main:out/a1.txt");
      rmSync(join(world.project, ".git", "objects", blob.slice(0, 2), blob.slice(2)));
    },
  ],
  "a gap in the log": [
    /INV-15: event 5 of the log has number 6/,
    (world) => change(world, "delete from events where seq = 5"),
  ],
};

function put(dir: string, path: string, text: string): void {
  mkdirSync(join(dir, path, ".."), { recursive: true });
  writeFileSync(join(dir, path), text);
}

/** Lets the target hold another text at a path, in a commit that looks like a landing. */
function withTree(world: World, path: string, text: string): void {
  const index = join(world.top, "index");
  const git = (...args: string[]): string => {
    const env = { ...world.env, GIT_INDEX_FILE: index };
    const done = Bun.spawnSync(["git", ...args], {
      cwd: world.project,
      env,
      stdin: Buffer.from(text),
    });
    return done.stdout.toString().trim();
  };
  git("read-tree", "main");
  git(
    "update-index",
    "--add",
    "--cacheinfo",
    `100644,${git("hash-object", "-w", "--stdin")},${path}`,
  );
  const tree = git("write-tree");
  const commit = git("commit-tree", tree, "-p", "main", "-m", "dispatch");
  git("update-ref", "-m", "ra: land", "refs/heads/main", commit);
  appendFileSync(join(world.top, "verified"), `${tree}\n`);
}

describe("the oracle", () => {
  test("has nothing to say of a run that came to its end", () => {
    expect(judge(whole, nothing)).toEqual([]);
    expect(judge(copyOfWorld(), nothing)).toEqual([]);
  });

  for (const [name, [complaint, damage]] of Object.entries(damages)) {
    test(`sees ${name}`, () => {
      const world = copyOfWorld();

      damage(world);

      expect(judge(world, nothing).join("\n")).toMatch(complaint);
    });
  }

  test("sees a text that stood in a workspace and is nowhere now", () => {
    const path = join(whole.workspaces, "draft-a1.txt");
    const file = { path, text: "draft of r7k2/a1/1 by 17\n" };

    expect(judge(whole, new Map([["0".repeat(40), file]]))).toEqual([
      `INV-1: what stood at ${path} is lost: ${JSON.stringify(file.text)}`,
    ]);
    expect(readFileSync(join(whole.top, "removed"), "utf8")).not.toContain("r7k2");
  });
});
