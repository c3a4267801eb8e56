import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Fixture, write } from "./fixture.ts";

/** What a landing does to paths: text, `[text, mode]`, or null for a deletion. */
export type Change = Readonly<Record<string, string | readonly [string, string] | null>>;

/** How a landing changes `a.txt` or something new. */
export const moves = {
  modification: { "a.txt": "result\n" },
  deletion: { "a.txt": null },
  mode: { "a.txt": ["a\n", "100755"] },
  symlink: { "a.txt": ["b.txt", "120000"] },
  directory: { "a.txt": null, "a.txt/deep": "d\n" },
  addition: { "new.txt": "n\n", "fresh/new.txt": "n\n", "out.log": "n\n" },
} as const satisfies Record<string, Change>;

/** What a user did to a checkout. */
type Work = (fixture: Fixture) => void;

/** Work that no landing of `moves` meets. */
export const apart: readonly (readonly [string, Work])[] = [
  ["an edited file", edit({ "b.txt": "mine\n" })],
  ["a staged change", stage({ "b.txt": "mine\n" })],
  [
    "a staged change that was edited again",
    (f) => {
      stage({ "b.txt": "mine\n" })(f);
      edit({ "b.txt": "again\n" })(f);
    },
  ],
  ["a deleted file", ({ dir }) => rmSync(join(dir, "b.txt"))],
  ["a staged deletion", ({ git }) => void git("rm", "--quiet", "b.txt")],
  [
    "a file only taken out of the index",
    ({ git }) => void git("rm", "--quiet", "--cached", "b.txt"),
  ],
  ["a staged rename", ({ git }) => void git("mv", "b.txt", "c.txt")],
  ["a staged new file", stage({ "mine.txt": "mine\n" })],
  [
    "a file that is only intended to be added",
    (f) => {
      write(f.dir, { "mine.txt": "mine\n" });
      f.git("add", "--intent-to-add", "mine.txt");
    },
  ],
  ["a changed mode", ({ dir }) => chmodSync(join(dir, "run.sh"), 0o755)],
  [
    "a file that became a link",
    ({ dir }) => {
      rmSync(join(dir, "b.txt"));
      symlinkSync("run.sh", join(dir, "b.txt"));
    },
  ],
  ["an untracked file", edit({ "mine.txt": "mine\n", "mine/deep.txt": "m\n" })],
  ["an ignored file", edit({ "mine.log": "mine\n" })],
  [
    "an entry that is assumed unchanged",
    (f) => {
      f.git("update-index", "--assume-unchanged", "b.txt");
      edit({ "b.txt": "hidden\n" })(f);
    },
  ],
  [
    "an entry that is skipped",
    (f) => {
      f.git("update-index", "--skip-worktree", "b.txt");
      edit({ "b.txt": "hidden\n" })(f);
    },
  ],
  [
    "a split index",
    (f) => {
      f.git("update-index", "--split-index");
      stage({ "b.txt": "mine\n" })(f);
    },
  ],
];

/** Work that a landing meets: its title, the landing, the work, a part of the reason. */
export const overlapping: readonly (readonly [string, keyof typeof moves, Work, string])[] = [
  ["an edited file", "modification", edit({ "a.txt": "mine\n" }), "a.txt"],
  ["an edited file", "deletion", edit({ "a.txt": "mine\n" }), "a.txt"],
  ["an edited file", "mode", edit({ "a.txt": "mine\n" }), "a.txt"],
  ["an edited file", "symlink", edit({ "a.txt": "mine\n" }), "a.txt"],
  ["an edited file", "directory", edit({ "a.txt": "mine\n" }), "a.txt"],
  ["a staged change", "modification", stage({ "a.txt": "mine\n" }), "a.txt"],
  ["a staged change", "deletion", stage({ "a.txt": "mine\n" }), "a.txt"],
  ["a staged change", "mode", stage({ "a.txt": "mine\n" }), "a.txt"],
  [
    "a staged change that was taken back in the file",
    "modification",
    (f) => {
      stage({ "a.txt": "mine\n" })(f);
      edit({ "a.txt": "a\n" })(f);
    },
    "a.txt",
  ],
  ["a deleted file", "modification", ({ dir }) => rmSync(join(dir, "a.txt")), "a.txt"],
  ["a staged deletion", "modification", ({ git }) => void git("rm", "-q", "a.txt"), "a.txt"],
  [
    "a staged deletion of a kept file",
    "deletion",
    ({ git }) => void git("rm", "-q", "--cached", "a.txt"),
    "a.txt",
  ],
  ["a changed mode", "modification", ({ dir }) => chmodSync(join(dir, "a.txt"), 0o755), "a.txt"],
  [
    "a file that became a link",
    "mode",
    ({ dir }) => {
      rmSync(join(dir, "a.txt"));
      symlinkSync("b.txt", join(dir, "a.txt"));
    },
    "a.txt",
  ],
  [
    "a file that became a directory",
    "modification",
    ({ dir }) => {
      rmSync(join(dir, "a.txt"));
      write(dir, { "a.txt/mine": "m\n" });
    },
    "a.txt",
  ],
  ["a staged new file", "addition", stage({ "new.txt": "mine\n" }), "new.txt"],
  ["a staged file where a directory comes", "addition", stage({ fresh: "mine\n" }), "fresh"],
  ["a staged file below a new file", "addition", stage({ "new.txt/mine": "m\n" }), "new.txt/mine"],
  [
    "a file only intended to be added",
    "addition",
    (f) => {
      write(f.dir, { "new.txt": "mine\n" });
      f.git("add", "--intent-to-add", "new.txt");
    },
    "new.txt",
  ],
  ["an untracked file", "addition", edit({ "new.txt": "mine\n" }), "not tracked"],
  ["an ignored file", "addition", edit({ "out.log": "mine\n" }), "not tracked"],
  [
    "an untracked file where a directory comes",
    "addition",
    edit({ fresh: "mine\n" }),
    "not tracked",
  ],
  [
    "an untracked directory where a file comes",
    "addition",
    edit({ "new.txt/mine": "m\n" }),
    "not tracked",
  ],
  [
    "an ignored file below a new file",
    "addition",
    edit({ "new.txt/mine.log": "m\n" }),
    "not tracked",
  ],
  [
    "an empty directory where a file comes",
    "addition",
    ({ dir }) => mkdirSync(join(dir, "new.txt")),
    "not tracked",
  ],
  [
    "a link to a directory on the way",
    "addition",
    ({ dir }) => symlinkSync("dir", join(dir, "fresh")),
    "not tracked",
  ],
  [
    "an entry that is assumed unchanged",
    "modification",
    (f) => {
      f.git("update-index", "--assume-unchanged", "a.txt");
      edit({ "a.txt": "hidden\n" })(f);
    },
    "assume-unchanged",
  ],
  [
    "an entry that is skipped",
    "deletion",
    (f) => {
      f.git("update-index", "--skip-worktree", "a.txt");
      edit({ "a.txt": "hidden\n" })(f);
    },
    "skip-worktree",
  ],
  [
    "a file that differs in case alone, where case does not count",
    "addition",
    (f) => {
      f.git("config", "core.ignorecase", "true");
      edit({ "NEW.txt": "mine\n" })(f);
    },
    "NEW.txt",
  ],
  [
    "a staged path that differs in case alone, where case does not count",
    "addition",
    (f) => {
      stage({ "Fresh/mine.txt": "mine\n", FRESH: "mine\n" })(f);
      f.git("config", "core.ignorecase", "true");
    },
    "FRESH",
  ],
  ["a path outside a sparse checkout", "modification", sparse("/b.txt\n"), "skip-worktree"],
  [
    "a new path outside a sparse checkout",
    "addition",
    sparse("/*.txt\n!/new.txt\n"),
    "sparse checkout",
  ],
  [
    "another file that the patterns of a sparse checkout would take away",
    "modification",
    (f) => {
      f.git("config", "core.sparseCheckout", "true");
      write(f.dir, { ".git/info/sparse-checkout": "/a.txt\n" });
    },
    "sparse checkout",
  ],
  [
    "unmerged paths",
    "addition",
    ({ dir, git }) => {
      const id = git("rev-parse", "HEAD:a.txt");
      git("rm", "-q", "--cached", "b.txt");
      for (const stage of [1, 2, 3]) {
        writeFileSync(join(dir, ".git/info.txt"), `100644 ${id} ${stage}\tb.txt\n`);
        Bun.spawnSync(["git", "update-index", "--index-info"], {
          cwd: dir,
          stdin: Bun.file(join(dir, ".git/info.txt")),
        });
      }
    },
    "unmerged",
  ],
];

/** Writes files and stages them. */
export function stage(files: Record<string, string>): Work {
  return (fixture) => {
    write(fixture.dir, files);
    fixture.git("add", "--force", ...Object.keys(files));
  };
}

/** Writes files. */
export function edit(files: Record<string, string>): Work {
  return (fixture) => write(fixture.dir, files);
}

function sparse(patterns: string): (fixture: Fixture) => void {
  return (fixture) => {
    fixture.git("config", "core.sparseCheckout", "true");
    write(fixture.dir, { ".git/info/sparse-checkout": patterns });
    fixture.git("read-tree", "-m", "-u", "HEAD");
  };
}
