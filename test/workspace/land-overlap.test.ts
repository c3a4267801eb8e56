import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Publication } from "../../core/workspace/workspace.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { digest, type Fixture, gitIn, listing, makeRepository, write } from "./fixture.ts";
import { apart, type Change, edit, moves, overlapping, stage } from "./land-overlap-cases.ts";

const start = {
  "a.txt": "a\n",
  "b.txt": "b\n",
  "run.sh": "echo\n",
  "dir/x.txt": "x\n",
  "dir/y.txt": "y\n",
  ".gitignore": "*.log\n",
};

/** A commit on HEAD with the change, made apart from the checkout. */
function commitOf(fixture: Fixture, change: Change): string {
  const top = temporaryDirectory("ra-move");
  const env = { ...fixture.env, GIT_INDEX_FILE: join(top, "index") };
  const git = (...args: string[]): string => gitIn(fixture.dir, env, ...args);
  git("read-tree", "HEAD");
  const paths = Object.entries(change).sort(
    ([, one], [, other]) => Number(one !== null) - Number(other !== null),
  );
  for (const [path, entry] of paths) {
    if (entry === null) {
      git("update-index", "--force-remove", path);
      continue;
    }
    const [text, mode] = typeof entry === "string" ? [entry, "100644"] : entry;
    writeFileSync(join(top, "blob"), text);
    const id = git("hash-object", "-w", "--no-filters", join(top, "blob"));
    git("update-index", "--add", "--cacheinfo", `${mode},${id},${path}`);
  }
  return git("commit-tree", git("write-tree"), "-p", "HEAD", "-m", "dispatch: task");
}

/** Everything of the user's: files, index, HEAD, stash, configuration, all refs, without what `ra` keeps. */
function everything({ dir, git }: Fixture): string {
  return [
    digest(dir, [".git"]),
    digest(join(dir, ".git"), ["ra", "objects", "refs", "logs"]),
    git("for-each-ref"),
  ].join("\n");
}

/** What a landing must leave alone: all but the paths it changes. */
function rest(fixture: Fixture, change: Change): unknown {
  const { dir, git } = fixture;
  const isOther = (line: string): boolean =>
    !Object.keys(change).some(
      (path) => line.includes(path) || line.startsWith(`${dirname(path)}/ `),
    );
  return {
    files: listing(dir, "", [".git"]).filter(isOther),
    index: git("ls-files", "--stage", "-v").split("\n").filter(isOther),
    status: git("status", "--porcelain=v2", "--untracked-files=all").split("\n").filter(isOther),
    stash: git("stash", "list"),
    refs: git("for-each-ref", "--format=%(refname) %(objectname)")
      .split("\n")
      .filter((line) => !line.startsWith("refs/heads/main ")),
    config: readFileSync(join(dir, ".git/config"), "utf8"),
  };
}

async function publish(fixture: Fixture, to: string): Promise<Publication> {
  const repository = await fixture.open();
  return await repository.publish({ target: "main", from: fixture.head(), to });
}

function reasonOf(published: Publication): string {
  return published.kind === "refused" ? published.reason : published.kind;
}

/** A repository whose user has a stash, another branch and some work. */
function repositoryWith(work: (fixture: Fixture) => void): Fixture {
  const fixture = makeRepository(start);
  write(fixture.dir, { "b.txt": "stashed\n" });
  fixture.git("stash", "--quiet");
  fixture.git("branch", "other");
  work(fixture);
  return fixture;
}

describe("a checkout keeps what is not committed where a landing does not change it", () => {
  const kinds = Object.entries(moves);

  apart.forEach(([title, work], at) => {
    const [kind, change] = kinds[at % kinds.length]!;

    test(`${title}, beside a landed ${kind}`, async () => {
      const fixture = repositoryWith(work);
      const to = commitOf(fixture, change);
      const before = rest(fixture, change);

      const published = await publish(fixture, to);

      expect(reasonOf(published)).toBe("landed");
      expect(fixture.head()).toBe(to);
      expect(rest(fixture, change)).toEqual(before);
      const paths = Object.keys(change);
      expect(fixture.git("status", "--porcelain", "--", ...paths)).toBe("");
      expect(fixture.git("diff", "--name-only", to, "--", ...paths)).toBe("");
    });
  });
});

describe("a checkout refuses a landing, and no byte of it changes, for", () => {
  for (const [title, kind, work, reason] of overlapping) {
    test(`${title}, against a landed ${kind}`, async () => {
      const fixture = repositoryWith(work);
      const to = commitOf(fixture, moves[kind]);
      const before = everything(fixture);

      const published = await publish(fixture, to);

      expect(published.kind).toBe("refused");
      expect(reasonOf(published)).toContain(reason);
      expect(everything(fixture)).toBe(before);
    });
  }
});

describe("a checkout whose branch moves at the last moment", () => {
  test("is put back, its index byte for byte, with all that was not committed", async () => {
    const fixture = repositoryWith((f) => {
      stage({ "staged.txt": "mine\n" })(f);
      edit({ "b.txt": "mine\n", "untracked.txt": "u\n" })(f);
      chmodSync(join(f.dir, "a.txt"), 0o600);
      chmodSync(join(f.dir, "dir"), 0o700);
      mkdirSync(join(f.dir, "fresh"));
    });
    const change = {
      ...moves.modification,
      ...moves.addition,
      "dir/x.txt": null,
      "dir/y.txt": null,
    };
    const to = commitOf(fixture, change);
    const from = fixture.head();
    const theirs = fixture.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "theirs");
    const repository = await fixture.open();
    const before = [digest(fixture.dir, [".git"]), readFileSync(join(fixture.dir, ".git/index"))];
    const ended = moveWhenFilesAre(fixture, "fresh/new.txt", theirs);

    const published = await repository.publish({ target: "main", from, to });
    await ended;

    expect(published).toEqual({ kind: "moved", tip: theirs });
    expect([digest(fixture.dir, [".git"]), readFileSync(join(fixture.dir, ".git/index"))]).toEqual(
      before,
    );
    expect(existsSync(join(fixture.dir, ".git/index.lock"))).toBe(false);
    expect(fixture.git("diff", "--name-only", "--", "a.txt", "dir")).toBe("");
  });

  /** Lets git find the branch locked until the files are there, moves it, and takes the lock away. */
  async function moveWhenFilesAre(fixture: Fixture, path: string, tip: string): Promise<void> {
    const ref = join(fixture.dir, ".git/refs/heads/main");
    writeFileSync(`${ref}.lock`, `${tip}\n`, { flag: "wx" });
    const deadline = performance.now() + 10_000;
    while (!existsSync(join(fixture.dir, path)) && performance.now() < deadline) await Bun.sleep(1);
    renameSync(`${ref}.lock`, ref);
  }
});

describe("a landing that cannot be finished", () => {
  test("leaves no byte changed when a filter of the user fails half way", async () => {
    const fixture = repositoryWith((f) => {
      edit({ "b.txt": "mine\n" })(f);
      write(f.dir, { ".git/info/attributes": "fresh/* filter=broken\n" });
      f.git("config", "filter.broken.smudge", "false");
      f.git("config", "filter.broken.required", "true");
    });
    const change = { ...moves.addition, "a.txt": "result\n", "dir/x.txt": null, "0.txt": "0\n" };
    const to = commitOf(fixture, change);
    const before = everything(fixture);

    const published = await publish(fixture, to);

    expect(reasonOf(published)).toContain("fresh/new.txt: smudge filter broken failed");
    expect(everything(fixture)).toBe(before);
    expect(fixture.git("status", "--porcelain")).toBe("M b.txt");
  });

  test("puts all back when its user stands on another branch before the branch moves", async () => {
    const fixture = repositoryWith(edit({ "b.txt": "mine\n" }));
    fixture.git("branch", "side");
    write(fixture.dir, { ".git/info/attributes": "fresh/* filter=turn\n" });
    fixture.git("config", "filter.turn.smudge", "git symbolic-ref HEAD refs/heads/side && cat");
    const to = commitOf(fixture, { ...moves.modification, ...moves.addition });
    const from = fixture.head();
    const before = digest(fixture.dir, [".git"]);

    const published = await publish(fixture, to);

    expect(reasonOf(published)).toContain("`main` is no longer checked out");
    expect(fixture.git("symbolic-ref", "HEAD")).toBe("refs/heads/side");
    expect([fixture.git("rev-parse", "main"), digest(fixture.dir, [".git"])]).toEqual([
      from,
      before,
    ]);
    expect(fixture.git("status", "--porcelain")).toBe("M b.txt");
  });

  test("puts all back when the branch is deleted at the last moment", async () => {
    const fixture = repositoryWith(edit({ "b.txt": "mine\n" }));
    const to = commitOf(fixture, { ...moves.modification, ...moves.addition });
    const from = fixture.head();
    const repository = await fixture.open();
    const before = [digest(fixture.dir, [".git"]), readFileSync(join(fixture.dir, ".git/index"))];
    const ref = join(fixture.dir, ".git/refs/heads/main");

    const published = repository.publish({ target: "main", from, to });
    await whenThere(join(fixture.dir, "fresh/new.txt"), () => rmSync(ref));

    expect(await published).toEqual({ kind: "gone" });
    expect([digest(fixture.dir, [".git"]), readFileSync(join(fixture.dir, ".git/index"))]).toEqual(
      before,
    );
    expect(existsSync(join(fixture.dir, ".git/index.lock"))).toBe(false);
  });

  test("lets no commit of the user come between the files and the branch", async () => {
    const fixture = repositoryWith(edit({ "b.txt": "mine\n" }));
    const to = commitOf(fixture, { ...moves.modification, ...moves.addition });
    const from = fixture.head();
    const repository = await fixture.open();
    let said = "";
    // The branch is kept locked, so that the moment lasts.
    const lock = join(fixture.dir, ".git/refs/heads/main.lock");
    writeFileSync(lock, "");

    const published = repository.publish({ target: "main", from, to });
    await whenThere(join(fixture.dir, "fresh/new.txt"), () => {
      const done = Bun.spawnSync(["git", "commit", "-qam", "mine"], {
        cwd: fixture.dir,
        env: fixture.env,
      });
      said = done.stderr.toString();
      rmSync(lock);
    });

    expect(await published).toEqual({ kind: "landed" });
    expect(said).toContain("index.lock");
    expect(fixture.head()).toBe(to);
    expect(fixture.git("status", "--porcelain")).toBe("M b.txt");
  });

  test("is taken for its own by the next one, when ra was killed with the index locked", async () => {
    const fixture = repositoryWith(edit({ "b.txt": "mine\n" }));
    const to = commitOf(fixture, moves.modification);
    const lock = join(fixture.dir, ".git/index.lock");
    writeFileSync(lock, `ra ${2 ** 22 + 1} 1\n`);

    const published = await publish(fixture, to);

    expect(published).toEqual({ kind: "landed" });
    expect(existsSync(lock)).toBe(false);
  });

  async function whenThere(path: string, act: () => void): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (!existsSync(path) && performance.now() < deadline) await Bun.sleep(1);
    act();
  }
});

describe("files that are those of the result already", () => {
  test("are taken over beside other work, as after a crash between files and branch", async () => {
    const fixture = repositoryWith((f) => {
      edit({ "b.txt": "mine\n" })(f);
      stage({ "staged.txt": "mine\n" })(f);
    });
    const change = { ...moves.modification, ...moves.addition, "dir/x.txt": null };
    const to = commitOf(fixture, change);
    fixture.git("read-tree", "-m", "-u", "HEAD", to);
    const before = digest(fixture.dir, [".git"]);

    const published = await publish(fixture, to);

    expect(reasonOf(published)).toBe("landed");
    expect(digest(fixture.dir, [".git"])).toBe(before);
    expect(fixture.git("status", "--porcelain").split("\n").sort()).toEqual([
      "A  staged.txt",
      "M b.txt",
    ]);
  });
});
