import {
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type Fixture, gitIn, tryGit, write } from "./fixture.ts";
import { leaveMerge, leaveRebase, nestRepositories } from "./half-done.ts";

/** Files of the base the changes start from. */
export const files = {
  "a.txt": "one\ntwo\nthree\n",
  "b.txt": "b\n",
  "dir/c.txt": "c\n",
  ".gitignore": "*.log\nout/\n",
};

/** A kind of change an agent can leave, and what a snapshot of it must hold. */
export interface ChangeKind {
  readonly title: string;
  readonly work: (dir: string, fixture: Fixture) => void;
  /** Paths that must differ from the base; null for deleted. */
  readonly expected: Readonly<Record<string, string | null>>;
  /** Parts of what the snapshot must tell, for what git cannot hold. */
  readonly told?: readonly string[];
}

export const changeKinds: readonly ChangeKind[] = [
  {
    title: "an edit",
    work: (d) => write(d, { "a.txt": "x\n" }),
    expected: { "a.txt": "100644 x" },
  },
  {
    title: "a new file in a new directory",
    work: (d) => write(d, { "n/e/w.txt": "w" }),
    expected: { "n/e/w.txt": "100644 w" },
  },
  { title: "an empty file", work: (d) => write(d, { empty: "" }), expected: { empty: "100644 " } },
  { title: "a deletion", work: (d) => rmSync(join(d, "b.txt")), expected: { "b.txt": null } },
  {
    title: "a rename",
    work: (d) => renameSync(join(d, "b.txt"), join(d, "z.txt")),
    expected: { "b.txt": null, "z.txt": "100644 b" },
  },
  {
    title: "the executable bit",
    work: (d) => chmodSync(join(d, "a.txt"), 0o755),
    expected: { "a.txt": "100755 one\ntwo\nthree" },
  },
  {
    title: "a symlink",
    work: (d) => symlinkSync("a.txt", join(d, "link")),
    expected: { link: "120000 a.txt" },
  },
  {
    title: "a symlink out of the workspace, as a link",
    work: (d) => symlinkSync("/etc/passwd", join(d, "link")),
    expected: { link: "120000 /etc/passwd" },
  },
  {
    title: "a file that became a directory",
    work: (d) => {
      rmSync(join(d, "b.txt"));
      write(d, { "b.txt/x": "x" });
    },
    expected: { "b.txt": null, "b.txt/x": "100644 x" },
  },
  {
    title: "a directory that became a file",
    work: (d) => {
      rmSync(join(d, "dir"), { recursive: true });
      write(d, { dir: "f" });
    },
    expected: { "dir/c.txt": null, dir: "100644 f" },
  },
  {
    title: "a directory that became a symlink",
    work: (d) => {
      renameSync(join(d, "dir"), join(d, "real"));
      symlinkSync("real", join(d, "dir"));
    },
    expected: { "dir/c.txt": null, dir: "120000 real", "real/c.txt": "100644 c" },
  },
  {
    title: "binary content",
    work: (d) => writeFileSync(join(d, "bin"), new Uint8Array([0, 65, 0, 66])),
    expected: { bin: "100644 \0A\0B" },
  },
  {
    title: "a file without a line end and with CRLF",
    work: (d) => write(d, { "crlf.txt": "x\r\ny" }),
    expected: { "crlf.txt": "100644 x\r\ny" },
  },
  {
    title: "odd names",
    work: (d) => write(d, { 'q"uo\te': "1", "-dash": "2", ":(top)x": "3", "ü\n": "4" }),
    expected: {
      'q"uo\te': "100644 1",
      "-dash": "100644 2",
      ":(top)x": "100644 3",
      "ü\n": "100644 4",
    },
  },
  {
    title: "what the agent only staged",
    work: (d, f) => {
      write(d, { "s.txt": "s" });
      gitIn(d, f.env, "add", "s.txt");
    },
    expected: { "s.txt": "100644 s" },
  },
  {
    title: "what the agent committed",
    work: (d, f) => {
      write(d, { "s.txt": "s" });
      gitIn(d, f.env, "add", ".");
      gitIn(d, f.env, "commit", "-qm", "x");
    },
    expected: { "s.txt": "100644 s" },
  },
  {
    title: "a commit on another branch with an edit on top",
    work: (d, f) => {
      gitIn(d, f.env, "checkout", "-qb", "other");
      write(d, { "s.txt": "s" });
      gitIn(d, f.env, "add", ".");
      gitIn(d, f.env, "commit", "-qm", "x");
      write(d, { "t.txt": "t" });
    },
    expected: { "s.txt": "100644 s", "t.txt": "100644 t" },
  },
  {
    title: "a detached HEAD",
    work: (d, f) => {
      gitIn(d, f.env, "checkout", "-q", "--detach");
      write(d, { "s.txt": "s" });
      gitIn(d, f.env, "add", ".");
      gitIn(d, f.env, "commit", "-qm", "x");
    },
    expected: { "s.txt": "100644 s" },
  },
  {
    title: "a merge that was left in the middle",
    work: leaveMerge,
    expected: { "a.txt": "100644 <<<<<<< HEAD\nB\n=======\nA\n>>>>>>> one" },
  },
  {
    title: "a stale index lock",
    work: (d) => {
      write(d, { ".git/index.lock": "", "s.txt": "s" });
    },
    expected: { "s.txt": "100644 s" },
  },
  {
    title: "a deleted .git",
    work: (d) => {
      rmSync(join(d, ".git"), { recursive: true });
      write(d, { "s.txt": "s" });
    },
    expected: { "s.txt": "100644 s" },
  },
  {
    title: "a .git that points elsewhere",
    work: (d, f) => {
      rmSync(join(d, ".git"), { recursive: true });
      write(d, { ".git": `gitdir: ${join(f.dir, ".git")}\n`, "s.txt": "s" });
    },
    expected: { "s.txt": "100644 s" },
  },
  {
    title: "edits that skip-worktree and assume-unchanged hide",
    work: (d, f) => {
      gitIn(d, f.env, "update-index", "--skip-worktree", "a.txt");
      gitIn(d, f.env, "update-index", "--assume-unchanged", "b.txt");
      write(d, { "a.txt": "x", "b.txt": "y" });
    },
    expected: { "a.txt": "100644 x", "b.txt": "100644 y" },
  },
  {
    title: "an edit of the same size with the old time",
    work: (d) => {
      const { atime, mtime } = statSync(join(d, "b.txt"));
      writeFileSync(join(d, "b.txt"), "B\n");
      utimesSync(join(d, "b.txt"), atime, mtime);
    },
    expected: { "b.txt": "100644 B" },
  },
  {
    title: "a nested repository without a commit",
    work: (d, f) => {
      write(d, { "app/x.txt": "x" });
      gitIn(join(d, "app"), f.env, "init", "-q");
    },
    expected: { "app/x.txt": "100644 x" },
  },
  {
    title: "nested repositories with commits",
    work: nestRepositories,
    expected: { "app/x.txt": "100644 x", "app/in/y.txt": "100644 y" },
  },
  {
    title: "a repository made in a tracked directory",
    work: (d, f) => {
      gitIn(join(d, "dir"), f.env, "init", "-q");
      write(d, { "dir/c.txt": "C", "dir/new.txt": "n" });
    },
    expected: { "dir/c.txt": "100644 C", "dir/new.txt": "100644 n" },
  },
  {
    title: "a sparse checkout the agent turned on",
    work: (d, f) => {
      tryGit(
        d,
        f.env,
        "sparse-checkout",
        "set",
        "--no-cone",
        "/a.txt",
        "/b.txt",
        "/.gitignore",
        "/dir",
      );
      write(d, { "a.txt": "x" });
    },
    expected: { "a.txt": "100644 x" },
  },
  {
    title: "line ends that an attribute of the agent's decides",
    work: (d) => write(d, { ".gitattributes": "*.txt eol=crlf\n", "b.txt": "B\r\n" }),
    expected: { ".gitattributes": "100644 *.txt eol=crlf", "b.txt": "100644 B" },
  },
  {
    title: "bytes that are no UTF-8, in a file and in a name",
    work: (d) => {
      writeFileSync(join(d, "latin.txt"), Buffer.from("caf\xe9", "latin1"));
      writeFileSync(Buffer.from(`${d}/na\xefve`, "latin1"), "n");
    },
    expected: { "latin.txt": "100644 caf\ufffd", "na\ufffdve": "100644 n" },
  },
  {
    title: "a rebase that was left in the middle",
    work: leaveRebase,
    expected: { "a.txt": "100644 half done" },
  },
  {
    title: "a private file, without its rights",
    work: (d) => {
      write(d, { key: "k" });
      chmodSync(join(d, "key"), 0o600);
    },
    expected: { key: "100644 k" },
    told: ["`key`: in the result without the rights"],
  },
  {
    title: "all but a fifo, a bare directory, and ignored files",
    work: (d) => {
      write(d, { "a.txt": "x", "x.log": "x" });
      mkdirSync(join(d, "bare"));
      Bun.spawnSync(["mkfifo", join(d, "pipe")]);
    },
    expected: { "a.txt": "100644 x" },
    told: ["`x.log`: ignored", "`bare/`, `pipe`: cannot be held"],
  },
  {
    title: "everything deleted",
    work: (d) => {
      for (const name of ["a.txt", "b.txt", "dir", ".gitignore"])
        rmSync(join(d, name), { recursive: true });
    },
    expected: { "a.txt": null, "b.txt": null, "dir/c.txt": null, ".gitignore": null },
  },
];
