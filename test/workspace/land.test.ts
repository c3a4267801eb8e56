import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { nextCommit } from "./commits.ts";
import {
  commitFiles,
  digest,
  type Fixture,
  gitIn,
  makeRepository,
  tryGit,
  write,
} from "./fixture.ts";

/** All the user can see of a repository, but for what `ra` keeps for itself. */
function userState(fixture: Fixture): string {
  return (
    digest(fixture.dir, [".git"]) + digest(join(fixture.dir, ".git"), ["ra", "objects", "refs"])
  );
}

describe("publishing", () => {
  test("fast-forwards the clean checkout of the branch", async () => {
    const fixture = makeRepository();
    write(fixture.dir, { "untracked.txt": "u" });
    const repository = await fixture.open();
    const from = fixture.head();
    const to = await nextCommit(fixture, repository, { "a.txt": "b\n", "new/x": "x" });

    const published = await repository.publish({ target: "main", from, to });

    expect(published).toEqual({ kind: "landed" });
    expect(fixture.head()).toBe(to);
    expect(fixture.git("status", "--porcelain")).toBe("?? untracked.txt");
    expect(readFileSync(join(fixture.dir, "new/x"), "utf8")).toBe("x");
    expect(fixture.git("log", "-1", "--format=%an <%ae>")).toBe("Ada <ada@example.com>");
  });

  test("keeps a file that the user makes after the look, where the move adds one", async () => {
    const fixture = makeRepository();
    const bin = join(dirname(fixture.dir), "bin");
    mkdirSync(bin);
    const wrapper = [
      "#!/bin/sh",
      `case "$*" in *checkout-index*) echo mine > '${fixture.dir}/new.txt' ;; esac`,
      `exec '${Bun.which("git")}' "$@"`,
    ];
    writeFileSync(join(bin, "git"), `${wrapper.join("\n")}\n`, { mode: 0o755 });
    fixture.env.PATH = `${bin}:${fixture.env.PATH}`;
    const repository = await fixture.open();
    const from = fixture.head();
    const to = await nextCommit(fixture, repository, {
      "a.txt": "b\n",
      "new.txt": "x",
      "z/y": "y",
    });

    const published = await repository.publish({ target: "main", from, to });

    expect(published).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("new.txt"),
    });
    expect(fixture.head()).toBe(from);
    expect(fixture.git("status", "--porcelain", "-uall")).toBe("?? new.txt");
    expect(readFileSync(join(fixture.dir, "new.txt"), "utf8")).toBe("mine\n");
  });

  test("has not landed where another git puts the branch back at once, and takes its files back", async () => {
    const fixture = makeRepository();
    const bin = join(dirname(fixture.dir), "bin");
    mkdirSync(bin);
    const git = Bun.which("git");
    const from = fixture.head();
    const wrapper = [
      "#!/bin/sh",
      // What a `git branch -m` that loses does: the old commit again, without looking.
      `case "$*" in *"-m ra: land refs/heads/main"*) '${git}' "$@" && exec '${git}' update-ref refs/heads/main ${from} ;; esac`,
      `exec '${git}' "$@"`,
    ];
    writeFileSync(join(bin, "git"), `${wrapper.join("\n")}\n`, { mode: 0o755 });
    fixture.env.PATH = `${bin}:${fixture.env.PATH}`;
    const repository = await fixture.open();
    const to = await nextCommit(fixture, repository, { "a.txt": "b\n", "new.txt": "x" });

    const published = await repository.publish({ target: "main", from, to });

    expect(published).toEqual({
      kind: "refused",
      reason: "another git put `main` back at once",
    });
    expect(fixture.head()).toBe(from);
    expect(fixture.git("status", "--porcelain", "-uall")).toBe("");
  });

  test("is done when it is asked for a second time", async () => {
    const fixture = makeRepository();
    const repository = await fixture.open();
    const from = fixture.head();
    const to = await nextCommit(fixture, repository, { "a.txt": "b\n" });
    await repository.publish({ target: "main", from, to });

    const again = await repository.publish({ target: "main", from, to });

    expect(again).toEqual({ kind: "landed" });
  });

  test("moves a branch that is not checked out by its ref alone", async () => {
    const fixture = makeRepository();
    const repository = await fixture.open();
    const from = fixture.head();
    const to = await nextCommit(fixture, repository, { "a.txt": "b\n" });
    fixture.git("checkout", "-q", "-b", "elsewhere");

    const published = await repository.publish({ target: "main", from, to });

    expect(published).toEqual({ kind: "landed" });
    expect(fixture.git("rev-parse", "main")).toBe(to);
    expect(fixture.git("status", "--porcelain")).toBe("");
  });

  test("fast-forwards a linked worktree that holds the branch", async () => {
    const fixture = makeRepository();
    const linked = join(fixture.dir, "../linked");
    fixture.git("worktree", "add", "-q", "-b", "side", linked);
    const repository = await fixture.open();
    const from = fixture.head();
    const to = await nextCommit(fixture, repository, { "a.txt": "b\n" });

    const published = await repository.publish({ target: "side", from, to });

    expect(published).toEqual({ kind: "landed" });
    expect(readFileSync(join(linked, "a.txt"), "utf8")).toBe("b\n");
    expect(gitIn(linked, fixture.env, "status", "--porcelain")).toBe("");
    expect(fixture.head()).toBe(from);
  });

  test("says where the branch is when it has moved", async () => {
    const fixture = makeRepository();
    const repository = await fixture.open();
    const from = fixture.head();
    const to = await nextCommit(fixture, repository, { "a.txt": "b\n" });
    const tip = commitFiles(fixture, { "theirs.txt": "t" });

    const published = await repository.publish({ target: "main", from, to });

    expect(published).toEqual({ kind: "moved", tip });
    expect(fixture.head()).toBe(tip);
  });

  test("has one winner among many on the same branch", async () => {
    const fixture = makeRepository();
    fixture.git("branch", "side");
    const repository = await fixture.open();
    const from = fixture.head();
    const commits: string[] = [];
    for (let i = 0; i < 6; i++) {
      commits.push(await nextCommit(fixture, repository, { "a.txt": `${i}\n` }, `t${i}`));
    }

    const all = await Promise.all(
      commits.map((to) => repository.publish({ target: "side", from, to })),
    );

    const winners = all.flatMap((one, i) => (one.kind === "landed" ? [commits[i]!] : []));
    expect(winners).toEqual([fixture.git("rev-parse", "side")]);
    expect(all.filter(({ kind }) => kind === "moved")).toHaveLength(5);
  });

  test("says that a branch is gone", async () => {
    const fixture = makeRepository();
    const repository = await fixture.open();

    const published = repository.publish({
      target: "gone",
      from: fixture.head(),
      to: fixture.head(),
    });

    expect(await published).toEqual({ kind: "gone" });
  });

  test("works in a bare repository", async () => {
    const fixture = makeRepository();
    const bare = join(fixture.dir, "../bare.git");
    fixture.git("clone", "-q", "--bare", ".", bare);
    for (const [key, value] of [
      ["user.name", "Ada"],
      ["user.email", "a@b"],
    ] as const) {
      gitIn(bare, fixture.env, "config", key, value);
    }
    const repository = await fixture.open(bare);
    const from = fixture.head();
    const to = await nextCommit(fixture, repository, { "a.txt": "b\n" });

    const published = await repository.publish({ target: "main", from, to });

    expect(published).toEqual({ kind: "landed" });
    expect(gitIn(bare, fixture.env, "rev-parse", "main")).toBe(to);
    expect(await repository.dirty()).toBe(false);
  });
});

describe("publishing into a checkout changes no byte of it when", () => {
  const obstacles: readonly [string, (fixture: Fixture) => void, string][] = [
    [
      "a tracked file is edited",
      (f) => write(f.dir, { "a.txt": "mine" }),
      "uncommitted changes (`a.txt`)",
    ],
    [
      "a change is staged",
      (f) => {
        write(f.dir, { "a.txt": "s" });
        f.git("add", "a.txt");
      },
      "uncommitted changes (`a.txt`)",
    ],
    [
      "an untracked file is in the way",
      (f) => write(f.dir, { "new.txt": "mine" }),
      "not tracked and would be overwritten",
    ],
    [
      "an ignored file is in the way",
      (f) => {
        write(f.dir, { ".git/info/exclude": "new.txt\n", "new.txt": "secret" });
      },
      "not tracked and would be overwritten",
    ],
    [
      "an untracked file stands where a directory will",
      (f) => write(f.dir, { deep: "mine" }),
      "not tracked and would be overwritten",
    ],
    ["a merge is in progress", leaveMerge, "a merge is in progress"],
    [
      "another git holds the index",
      (f) => writeFileSync(join(f.dir, ".git/index.lock"), ""),
      "another git is at work",
    ],
  ];

  for (const [title, obstruct, reason] of obstacles) {
    test(title, async () => {
      const fixture = makeRepository({ "a.txt": "a\n", "b.txt": "b\n" });
      const repository = await fixture.open();
      const from = fixture.head();
      const to = await nextCommit(fixture, repository, {
        "a.txt": "b\n",
        "new.txt": "n",
        "deep/er": "d",
      });
      obstruct(fixture);
      const before = userState(fixture);

      const published = await repository.publish({ target: "main", from, to });

      expect(published.kind).toBe("refused");
      expect((published as { reason: string }).reason).toContain(reason);
      expect(userState(fixture)).toBe(before);
      expect(fixture.git("rev-parse", "main")).toBe(from);
    });
  }

  test("a rebase of the branch is in progress", async () => {
    const fixture = makeRepository();
    const repository = await fixture.open();
    const start = fixture.head();
    fixture.git("checkout", "-q", "-b", "side");
    commitFiles(fixture, { "a.txt": "side\n" });
    fixture.git("checkout", "-q", "main");
    const from = commitFiles(fixture, { "a.txt": "main\n" });
    const to = await nextCommit(fixture, repository, { "z.txt": "z" });
    tryGit(fixture.dir, fixture.env, "rebase", "-q", "side");

    const published = await repository.publish({ target: "main", from, to });

    expect(published.kind).toBe("refused");
    expect(start).not.toBe(from);
    expect(fixture.git("rev-parse", "main")).toBe(from);
  });

  function leaveMerge(fixture: Fixture): void {
    fixture.git("update-ref", "refs/heads/other", fixture.head());
    writeFileSync(join(fixture.dir, ".git/MERGE_HEAD"), `${fixture.head()}\n`);
  }
});
