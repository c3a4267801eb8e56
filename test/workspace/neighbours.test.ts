import { describe, expect, test } from "bun:test";
import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Workspace } from "../../core/workspace/workspace.ts";
import {
  digest,
  type Fixture,
  filesOf,
  gitIn,
  listing,
  makeRepository,
  openWorkspace,
  tryGit,
  write,
} from "./fixture.ts";

/** What an agent does to git in its workspace, after it changed `a.txt`. */
const deeds: Readonly<
  Record<string, (on: { dir: string; fixture: Fixture; sibling: Workspace }) => void>
> = {
  "deletes .git": ({ dir }) => rmSync(join(dir, ".git"), { recursive: true }),
  "makes .git lead to the user's repository": ({ dir, fixture }) => {
    rmSync(join(dir, ".git"), { recursive: true });
    write(dir, { ".git": `gitdir: ${join(fixture.dir, ".git")}\n` });
  },
  "makes .git a link to a sibling's": ({ dir, sibling }) => {
    rmSync(join(dir, ".git"), { recursive: true });
    symlinkSync(join(sibling.path, ".git"), join(dir, ".git"));
  },
  "puts another repository in its place": ({ dir, fixture }) => {
    rmSync(join(dir, ".git"), { recursive: true });
    gitIn(dir, fixture.env, "init", "-q");
    tryGit(dir, fixture.env, "-c", "user.name=n", "-c", "user.email=e", "commit", "-qam", "x");
  },
  "prunes, packs and forgets": ({ dir, fixture }) => {
    const git = (...args: string[]) => tryGit(dir, fixture.env, ...args);
    git("commit", "-qam", "x");
    git("reflog", "expire", "--expire=now", "--all");
    git("gc", "-q", "--prune=now", "--aggressive");
    git("repack", "-adq");
    git("prune", "--expire=now");
    git("worktree", "prune");
  },
  "leaves a merge half done": ({ dir, fixture }) => {
    diverge(dir, fixture);
    tryGit(dir, fixture.env, "merge", "-q", "one");
    write(dir, { "a.txt": "agent" });
  },
  "leaves a rebase half done": ({ dir, fixture }) => {
    diverge(dir, fixture);
    tryGit(dir, fixture.env, "rebase", "-q", "one");
    write(dir, { "a.txt": "agent" });
  },
  "stashes, tags and deletes every branch it knows": ({ dir, fixture }) => {
    const git = (...args: string[]) => tryGit(dir, fixture.env, ...args);
    git("stash", "-q");
    git("stash", "pop", "-q");
    git("tag", "v9");
    git("checkout", "-q", "--detach");
    git("branch", "-qD", "main", "precious", "ra/r7k2/api");
    git("update-ref", "-d", "refs/heads/main");
    git("config", "core.bare", "true");
  },
};

function diverge(dir: string, { env }: Fixture): void {
  gitIn(dir, env, "checkout", "-qb", "one");
  gitIn(dir, env, "commit", "-qam", "one");
  gitIn(dir, env, "checkout", "-qb", "two", "HEAD~1");
  write(dir, { "a.txt": "two" });
  gitIn(dir, env, "commit", "-qam", "two");
}

/** The user's git directory but for what `ra` keeps in it: its own state, pinned work and the objects of that. */
function userState(fixture: Fixture): readonly string[] {
  const lines = listing(join(fixture.dir, ".git"), "", ["ra", "objects"]);
  return lines.filter((line) => !line.startsWith("refs/ra"));
}

describe("an agent costs neither the user nor a sibling anything when it", () => {
  for (const [title, act] of Object.entries(deeds)) {
    test(title, async () => {
      const fixture = makeRepository({ "a.txt": "a\n", "b.txt": "b\n" });
      fixture.git("branch", "precious");
      write(fixture.dir, { "stashed.txt": "s" });
      fixture.git("stash", "-q", "-u");
      const repository = await fixture.open();
      const sibling = await openWorkspace(repository, fixture, { task: "sibling" });
      write(sibling.path, { "b.txt": "sibling" });
      const workspace = await openWorkspace(repository, fixture);
      const [user, checkout] = [join(fixture.dir, ".git"), digest(fixture.dir, [".git"])];
      const before = [digest(user, ["ra"]), digest(sibling.path)];
      const [state, objects] = [userState(fixture), listing(join(user, "objects"))];
      write(workspace.path, { "a.txt": "agent" });

      act({ dir: workspace.path, fixture, sibling });

      expect([digest(user, ["ra"]), digest(sibling.path)]).toEqual(before);
      const snapshot = await workspace.snapshot("work");
      await workspace.close();
      expect(digest(sibling.path)).toBe(before[1]!);
      const other = await sibling.snapshot("work");
      await sibling.close();
      await repository.tidy("r7k2");
      expect(filesOf(fixture, snapshot!.commit)["a.txt"]).toBe("100644 agent");
      expect(filesOf(fixture, other!.commit)["b.txt"]).toBe("100644 sibling");
      expect(digest(fixture.dir, [".git"])).toBe(checkout);
      expect(userState(fixture)).toEqual(state);
      // Objects may be added, and none is changed or taken away.
      expect(listing(join(user, "objects"))).toEqual(expect.arrayContaining([...objects]));
      expect(fixture.git("fsck", "--strict", "--no-dangling")).toBe("");
    });
  }
});
