import { binaryOf, regular, textOf } from "./edits.ts";
import type { Files } from "./files.ts";
import { Marks } from "./marks.ts";
import { Sides } from "./pair-sides.ts";
import type { Random } from "./random.ts";

/** Two changes of one tree, and what git is known to say of them. */
export interface Pair {
  readonly base: Files;
  readonly ours: Files;
  readonly theirs: Files;
  readonly verdict: "clean" | "conflict";
}

type Build = (sides: Sides) => void;

function editEnds(s: Sides, path: string): void {
  s.line(s.ours, path, 0);
  s.line(s.theirs, path, -1);
}

function editSame(s: Sides, path: string): void {
  s.line(s.ours, path, 4);
  s.line(s.theirs, path, 4);
}

/** A directory with that many files in all three trees; gives their paths. */
function directory(s: Sides, count: number): string[] {
  const dir = `dir ${s.random.below(1000)}`;
  return Array.from({ length: count }, (_, i) => s.file(s.text(), `${dir}/file ${i}`));
}

function withDirectory(path: string, dir: string): string {
  return `${dir}/${path.slice(path.lastIndexOf("/") + 1)}`;
}

/** What git cannot merge. */
export const conflicts: Readonly<Record<string, Build>> = {
  "the same line": (s) => editSame(s, s.file()),
  "adjacent lines": (s) => {
    const path = s.file();
    s.line(s.ours, path, 3);
    s.line(s.theirs, path, 4);
  },
  "two appendices": (s) => {
    const path = s.file();
    for (const side of [s.ours, s.theirs])
      side.set(path, regular(`${side.get(path)!.data}${s.text(2)}`));
  },
  "add/add": (s) => {
    const path = s.path();
    for (const side of [s.ours, s.theirs]) side.set(path, regular(s.text()));
  },
  "add/add of a link and a file": (s) => {
    const path = s.path();
    s.ours.set(path, s.link());
    s.theirs.set(path, regular(s.text()));
  },
  "modify/delete": (s) => {
    const path = s.file();
    s.line(s.ours, path, 2);
    s.theirs.delete(path);
  },
  "delete/modify": (s) => {
    const path = s.file();
    s.ours.delete(path);
    s.line(s.theirs, path, 2);
  },
  "rename/delete": (s) => {
    const path = s.file();
    s.move(s.ours, path, s.path());
    s.theirs.delete(path);
  },
  "rename/rename of one into two": (s) => {
    const path = s.file();
    s.move(s.ours, path, s.path());
    s.move(s.theirs, path, s.path());
  },
  "rename/rename of two into one": (s) => {
    const [one, two, to] = [s.file(), s.file(), s.path()];
    s.move(s.ours, one, to);
    s.move(s.theirs, two, to);
  },
  "rename/add": (s) => {
    const [path, to] = [s.file(), s.path()];
    s.move(s.ours, path, to);
    s.theirs.set(to, regular(s.text()));
  },
  "rename with an edit of the same line": (s) => {
    const path = s.file();
    editSame(s, path);
    s.move(s.ours, path, s.path());
  },
  "file/directory": (s) => {
    const path = s.path();
    s.ours.set(path, regular(s.text()));
    s.theirs.set(`${path}/inside`, regular(s.text()));
  },
  "directory/file with an edit inside": (s) => {
    const [one] = directory(s, 1) as [string];
    const dir = one.slice(0, one.lastIndexOf("/"));
    s.ours.delete(one);
    s.ours.set(dir, regular(s.text()));
    s.line(s.theirs, one, 1);
  },
  "symlink/edit": (s) => {
    const path = s.file();
    s.ours.set(path, s.link());
    s.line(s.theirs, path, 1);
  },
  "two ends of a link": (s) => {
    const path = s.all(s.path(), s.link());
    for (const side of [s.ours, s.theirs]) side.set(path, s.link());
  },
  binary: (s) => {
    const path = s.file(binaryOf(s.random, s.marks));
    for (const side of [s.ours, s.theirs]) side.set(path, regular(binaryOf(s.random, s.marks)));
  },
  "two commits of a submodule": (s) => {
    const path = s.all(s.path(), s.submodule());
    for (const side of [s.ours, s.theirs]) side.set(path, s.submodule());
  },
  "submodule/file": (s) => {
    const path = s.all(s.path(), s.submodule());
    s.ours.set(path, regular(s.text()));
    s.theirs.set(path, s.submodule());
  },
  "a file into a renamed directory": (s) => {
    const paths = directory(s, s.random.between(2, 4));
    const to = s.path();
    for (const path of paths) s.move(s.ours, path, withDirectory(path, to));
    s.theirs.set(withDirectory("new", paths[0]!.split("/")[0]!), regular(s.text()));
  },
  "a file into a directory that was split": (s) => {
    const paths = directory(s, 4);
    const [one, two] = [s.path(), s.path()];
    paths.forEach((path, i) => {
      s.move(s.ours, path, withDirectory(path, i < 2 ? one : two));
    });
    s.theirs.set(withDirectory("new", paths[0]!.split("/")[0]!), regular(s.text()));
  },
  "line ends/edit": (s) => {
    const path = s.file();
    s.ours.set(path, regular(s.ours.get(path)!.data.replaceAll("\n", "\r\n")));
    s.line(s.theirs, path, 3);
  },
  "far apart in a file that attributes forbid to merge": (s) => {
    s.all(".gitattributes", regular("*.locked -merge\n"));
    editEnds(s, s.file(s.text(), `${s.path()}.locked`));
  },
};

/** What looks alike and merges. */
export const nearMisses: Readonly<Record<string, Build>> = {
  "lines far apart": (s) => editEnds(s, s.file()),
  "lines with one between": (s) => {
    const path = s.file();
    s.line(s.ours, path, 3);
    s.line(s.theirs, path, 5);
  },
  "the same edit": (s) => {
    const path = s.file();
    s.line(s.ours, path, 3);
    s.theirs.set(path, s.ours.get(path)!);
  },
  "the same file added": (s) => {
    const path = s.path();
    s.ours.set(path, regular(s.text()));
    s.theirs.set(path, s.ours.get(path)!);
  },
  "deleted by both": (s) => {
    const path = s.file();
    for (const side of [s.ours, s.theirs]) side.delete(path);
    s.ours.set(s.path(), regular(textOf(s.random, s.marks, 3)));
  },
  "rename/edit": (s) => {
    const path = s.file();
    s.line(s.theirs, path, 3);
    s.move(s.ours, path, s.path());
  },
  "edit/rename": (s) => {
    const path = s.file();
    s.line(s.ours, path, 3);
    s.move(s.theirs, path, s.path());
  },
  "rename in case/edit": (s) => {
    const path = s.file(s.text(), s.path("Upper/"));
    s.line(s.theirs, path, 3);
    s.move(s.ours, path, path.replace("Upper/", "upper/"));
  },
  "names that differ in case": (s) => {
    s.ours.set("Same name", regular(s.text()));
    s.theirs.set("same name", regular(s.text()));
  },
  "the same rename": (s) => {
    const [path, to] = [s.file(), s.path()];
    for (const side of [s.ours, s.theirs]) s.move(side, path, to);
  },
  "two renames": (s) => {
    s.move(s.ours, s.file(), s.path());
    s.move(s.theirs, s.file(), s.path());
  },
  "two files in one new directory": (s) => {
    const dir = s.path();
    s.ours.set(`${dir}/one`, regular(s.text()));
    s.theirs.set(`${dir}/two`, regular(s.text()));
  },
  "a directory in a file's place": (s) => {
    const path = s.file();
    s.ours.delete(path);
    s.ours.set(`${path}/inside`, regular(s.text()));
  },
  "mode/edit": (s) => {
    const path = s.file();
    s.mode(s.ours, path, "100755");
    s.line(s.theirs, path, 3);
  },
  "edit/mode with a rename": (s) => {
    const path = s.file();
    s.line(s.ours, path, 3);
    s.mode(s.theirs, path, "100755");
    s.move(s.theirs, path, s.path());
  },
  "a link for a file": (s) => {
    s.ours.set(s.file(), s.link());
  },
  "one side of a binary": (s) => {
    const path = s.file(binaryOf(s.random, s.marks));
    s.theirs.set(path, regular(binaryOf(s.random, s.marks)));
  },
  "one side of a submodule": (s) => {
    s.ours.set(s.all(s.path(), s.submodule()), s.submodule());
  },
  "an edit in a renamed directory": (s) => {
    const paths = directory(s, 3);
    const to = s.path();
    for (const path of paths) s.move(s.ours, path, withDirectory(path, to));
    s.line(s.theirs, paths[1]!, 3);
  },
  "line ends on one side": (s) => {
    const path = s.file();
    s.ours.set(path, regular(s.ours.get(path)!.data.replaceAll("\n", "\r\n")));
    s.line(s.theirs, s.file(), 3);
  },
  "the same line of a file that attributes unite": (s) => {
    s.all(".gitattributes", regular("*.list merge=union\n"));
    editSame(s, s.file(s.text(), `${s.path()}.list`));
  },
};

/** Makes a pair of a kind, with unrelated changes beside it. */
export function makePair(kind: string, random: Random, owner: string): Pair {
  const build = conflicts[kind] ?? nearMisses[kind];
  if (build === undefined) throw new Error(`no kind ${kind}`);
  const sides = new Sides(random, new Marks(owner));
  const noise = [0, 1, 2].map((i) => sides.file(sides.text(6), `noise/${i}`));
  build(sides);
  if (random.chance(0.5)) sides.line(sides.ours, noise[0]!, 2);
  sides.line(sides.theirs, noise[1]!, 2);
  const { base, ours, theirs } = sides;
  return { base, ours, theirs, verdict: kind in conflicts ? "conflict" : "clean" };
}
