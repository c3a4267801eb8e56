import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Snapshot } from "../../core/workspace/workspace.ts";
import { type Fixture, gitIn, makeRepository, openWorkspace, write } from "./fixture.ts";

const ref = "refs/ra/r7k2/api/1.git";
const files = { "a.txt": "a\n", "b.txt": "b\n" };

/** Lets an agent work in a workspace, takes the snapshot and closes. */
async function snapshotOf(
  fixture: Fixture,
  work: (dir: string, git: (...args: string[]) => string) => void,
  isolation: "clone" | "worktree" = "clone",
): Promise<Snapshot> {
  const repository = await fixture.open();
  const workspace = await openWorkspace(repository, fixture, { isolation });
  work(workspace.path, (...args) => gitIn(workspace.path, fixture.env, ...args));
  const snapshot = await workspace.snapshot("work");
  await workspace.close();
  return snapshot!;
}

/** Commits a file on a branch that is left again. */
function commitAside(dir: string, git: (...args: string[]) => string, text = "aside"): void {
  git("checkout", "-qb", "aside");
  write(dir, { "aside.txt": text });
  git("add", "-A");
  git("commit", "-qm", "aside");
  git("checkout", "-q", "-");
}

function isKept(fixture: Fixture): boolean {
  return fixture.git("for-each-ref", ref) !== "";
}

function leftovers(fixture: Fixture): string[] {
  return readdirSync(fixture.workspaces).flatMap((name) => {
    const dir = join(fixture.workspaces, name, "leftovers");
    return existsSync(dir) ? readdirSync(dir).map((kept) => join(dir, kept)) : [];
  });
}

/** The first loose object of the agent's that holds `text`. */
function looseObject(dir: string, fixture: Fixture, text: string): string {
  write(dir, { ".git/probe": text });
  const id = gitIn(dir, fixture.env, "hash-object", ".git/probe");
  return join(dir, ".git/objects", id.slice(0, 2), id.slice(2));
}

describe("what an agent left only in its git", () => {
  test("is pinned beside the snapshot and told of", async () => {
    const fixture = makeRepository(files);

    const snapshot = await snapshotOf(fixture, (dir, git) => {
      commitAside(dir, git);
      write(dir, { "a.txt": "stashed" });
      git("stash", "-q");
      write(dir, { "b.txt": "staged" });
      git("add", "-A");
      write(dir, { "b.txt": "b\n" });
    });

    expect(snapshot.unchanged).toBe(true);
    expect(snapshot.notes).toEqual([
      `its git held 1 commit, 1 stash and staged content beside its files: kept at \`${ref}\`, see \`git log ${ref}\``,
    ]);
    expect(fixture.git("show", `${ref}:b.txt`)).toBe("staged");
    expect(fixture.git("log", "--format=%s", ref)).toContain("aside");
    expect(leftovers(fixture)).toEqual([]);
  });

  test("is nothing when its commit is the snapshot itself", async () => {
    const fixture = makeRepository(files);

    const snapshot = await snapshotOf(fixture, (dir, git) => {
      write(dir, { "a.txt": "x" });
      git("commit", "-qam", "work");
      git("status");
    });

    expect(snapshot.notes).toEqual([]);
    expect(isKept(fixture)).toBe(false);
  });

  test("costs no git at all when the agent ran none", async () => {
    const fixture = makeRepository(files);
    const log = join(fixture.dir, "../calls");
    const bin = join(fixture.dir, "../bin");
    write(bin, { git: `#!/bin/sh\necho "$GIT_DIR" >> ${log}\nexec ${Bun.which("git")} "$@"\n` });
    chmodSync(join(bin, "git"), 0o755);
    fixture.env.PATH = `${bin}:${fixture.env.PATH}`;
    const rescues = () => readFileSync(log, "utf8").match(/\.rescue\./g)?.length ?? 0;

    await snapshotOf(fixture, (dir) => write(dir, { "a.txt": "x", "new.txt": "n" }));
    const untouched = rescues();
    await snapshotOf(fixture, (dir, git) => commitAside(dir, git));

    expect(untouched).toBe(0);
    expect(rescues()).toBeGreaterThan(0);
  });

  test("is pinned once, however often a snapshot is taken, and grows with what is new", async () => {
    const fixture = makeRepository(files);
    const repository = await fixture.open();
    const workspace = await openWorkspace(repository, fixture);
    const git = (...args: string[]) => gitIn(workspace.path, fixture.env, ...args);
    commitAside(workspace.path, git);
    await workspace.snapshot("work");
    const first = fixture.git("rev-parse", ref);

    await workspace.snapshot("work");
    const again = fixture.git("rev-parse", ref);
    git("branch", "-qD", "aside");
    rmSync(join(workspace.path, ".git/logs"), { recursive: true });
    commitAside(workspace.path, git, "another");
    await workspace.snapshot("work");

    expect(again).toBe(first);
    expect(fixture.git("log", "--format=%H", ref).split("\n")).toContain(first);
    await workspace.close();
    await repository.tidy("r7k2");
    expect(isKept(fixture)).toBe(true);
  });

  test("is found in a git directory that was moved inside the workspace", async () => {
    const fixture = makeRepository(files);

    await snapshotOf(fixture, (dir, git) => {
      commitAside(dir, git);
      renameSync(join(dir, ".git"), join(dir, "store"));
      write(dir, { ".git": "gitdir: store\n" });
    });

    expect(fixture.git("log", "--format=%s", ref)).toContain("aside");
  });

  test("is not looked for outside the workspace", async () => {
    const fixture = makeRepository(files);
    const other = makeRepository({ "secret.txt": "s" });

    const byFile = await snapshotOf(fixture, (dir) => {
      rmSync(join(dir, ".git"), { recursive: true });
      write(dir, { ".git": `gitdir: ${join(other.dir, ".git")}\n` });
    });
    const byLink = await snapshotOf(fixture, (dir) => {
      rmSync(join(dir, ".git"), { recursive: true });
      symlinkSync(join(other.dir, ".git"), join(dir, ".git"));
    });
    const byObjects = await snapshotOf(fixture, (dir, git) => {
      const head = gitIn(other.dir, other.env, "rev-parse", "HEAD");
      write(dir, { ".git/objects/info/alternates": `${join(other.dir, ".git/objects")}\n` });
      git("update-ref", "refs/heads/theirs", head);
    });

    const outside = "its `.git` leads out of the workspace and was not followed";
    expect(byFile.notes).toEqual([outside]);
    expect(byLink.notes).toEqual([outside]);
    expect(byObjects.notes.join()).toContain("1 of its refs name objects that are not there");
    expect(isKept(fixture)).toBe(false);
  });

  test("is set aside with the workspace when objects are broken, and the rest is kept", async () => {
    const fixture = makeRepository(files);

    const snapshot = await snapshotOf(fixture, (dir, git) => {
      commitAside(dir, git, "sound");
      git("checkout", "-qb", "broken", "HEAD");
      write(dir, { "broken.txt": "broken" });
      git("add", "-A");
      git("commit", "-qm", "broken");
      git("checkout", "-q", "-");
      const object = looseObject(dir, fixture, "broken");
      chmodSync(object, 0o644);
      writeFileSync(object, "no object");
      write(dir, { "a.txt": "x" });
    });

    expect(snapshot.changes.map(({ path }) => path)).toEqual(["a.txt"]);
    expect(snapshot.notes.join()).toContain("some of its objects are missing or broken");
    expect(fixture.git("log", "--format=%s", ref).split("\n")).toContain("aside");
    const [kept] = leftovers(fixture);
    expect(gitIn(kept!, fixture.env, "log", "-1", "--format=%s", "broken")).toBe("broken");
    expect(fixture.git("fsck", "--no-dangling")).toBe("");
  });

  test("is not waited for when fifos, links and cycles stand in its git", async () => {
    const fixture = makeRepository(files);

    const snapshot = await snapshotOf(fixture, (dir, git) => {
      commitAside(dir, git);
      const object = looseObject(dir, fixture, "aside");
      rmSync(object);
      rmSync(join(dir, ".git/HEAD"));
      for (const path of [object, join(dir, ".git/HEAD"), join(dir, ".git/refs/pipe")]) {
        Bun.spawnSync(["mkfifo", path]);
      }
      symlinkSync("..", join(dir, ".git/refs/heads/up"));
      symlinkSync("/", join(dir, ".git/logs/refs/root"));
      symlinkSync("/proc/self/mem", join(dir, ".git/ORIG_HEAD"));
      write(dir, { ".git/packed-refs": "\0".repeat(1000), "a.txt": "x" });
    });

    expect(snapshot.changes.map(({ path }) => path)).toEqual(["a.txt"]);
    expect(snapshot.notes.join()).toContain("missing or broken");
    expect(leftovers(fixture)).toHaveLength(1);
  });

  test("is kept from twelve hundred refs with as many commits", async () => {
    const fixture = makeRepository(files);
    const count = 1_200;

    const snapshot = await snapshotOf(fixture, (dir, git) => {
      write(dir, { "a.txt": "many" });
      git("commit", "-qam", "many");
      const like = git("cat-file", "commit", "HEAD");
      git("reset", "-q", "--hard", "HEAD~1");
      const names = Array.from({ length: count }, (_, i) => `.git/made/${i}`);
      write(dir, Object.fromEntries(names.map((name) => [name, `${like} ${name}\n`])));
      const args = ["git", "hash-object", "-t", "commit", "-w", "--stdin-paths"];
      const stdin = Buffer.from(names.join("\n"));
      const made = Bun.spawnSync(args, { cwd: dir, env: fixture.env, stdin });
      const ids = made.stdout.toString().trim().split("\n");
      const refs = ids.map((id, i) => `${id} refs/heads/b${i}\n`);
      write(dir, { ".git/packed-refs": refs.join("") });
    });

    // One more is the commit they were made like.
    expect(snapshot.notes.join()).toContain(`its git held ${count + 1} commits beside its files`);
    const listed = fixture.git("rev-list", "--count", "--grep=many", ref, `^${fixture.head()}`);
    expect(Number(listed)).toBe(count + 1);
  });

  test("is kept from the index and the log of a linked worktree", async () => {
    const fixture = makeRepository(files);

    const snapshot = await snapshotOf(
      fixture,
      (dir, git) => {
        write(dir, { "lost.txt": "lost" });
        git("add", "-A");
        git("commit", "-qm", "lost");
        git("checkout", "-q", "--detach", "HEAD~1");
        write(dir, { "staged.txt": "staged" });
        git("add", "-A");
        rmSync(join(dir, "staged.txt"));
        write(dir, { ".git": "gitdir: /nowhere\n" });
      },
      "worktree",
    );

    expect(snapshot.notes.join()).toContain("1 commit and staged content");
    expect(fixture.git("show", `${ref}:staged.txt`)).toBe("staged");
    expect(fixture.git("show", `${ref}^1:lost.txt`)).toBe("lost");
  });

  test("leaves no trace of how it was read", async () => {
    const fixture = makeRepository(files);

    await snapshotOf(fixture, (dir, git) => {
      commitAside(dir, git);
      mkdirSync(join(dir, ".git/hooks"), { recursive: true });
    });

    const own = join(fixture.dir, ".git/ra/control.git/indexes");
    expect(readdirSync(own)).toEqual([]);
  });
});
