import { commitId, directories, freePath, regular } from "./edits.ts";
import { type Entry, type Files, isFree } from "./files.ts";
import type { Marks } from "./marks.ts";
import type { Random } from "./random.ts";

/** Three trees that are alike until one side changes something. */
export class Sides {
  readonly random: Random;
  readonly marks: Marks;
  readonly base: Files = new Map();
  readonly ours: Files = new Map();
  readonly theirs: Files = new Map();
  readonly taken: Files = new Map();

  constructor(random: Random, marks: Marks) {
    this.random = random;
    this.marks = marks;
    // Git takes the rename of the last file of a directory for one of the directory.
    for (const dir of new Set(directories)) {
      for (const name of ["anchor one", "anchor two"]) this.file(this.text(3), dir + name);
    }
  }

  /** A path that no side uses. */
  path(below = ""): string {
    for (;;) {
      const path = below + freePath(this.taken, this.random);
      if (!isFree(this.taken, path)) continue;
      this.taken.set(path, regular(""));
      return path;
    }
  }

  text(lines = this.random.between(12, 30)): string {
    return Array.from({ length: lines }, () => `line ${this.marks.next()}\n`).join("");
  }

  /** The same entry at a path in all three trees. */
  all(path: string, entry: Entry): string {
    for (const files of [this.base, this.ours, this.theirs]) files.set(path, entry);
    return path;
  }

  /** A text file that all three trees have; gives its path. */
  file(data = this.text(), path = this.path()): string {
    return this.all(path, regular(data));
  }

  /** Replaces a line, counted from the start or, below 0, from the end. */
  line(side: Files, path: string, at: number): void {
    const entry = side.get(path)!;
    const lines = entry.data.split(/(?<=\n)/);
    lines[at < 0 ? lines.length + at : at] = `changed ${this.marks.next()}\n`;
    side.set(path, { ...entry, data: lines.join("") });
  }

  move(side: Files, from: string, to: string): void {
    side.set(to, side.get(from)!);
    side.delete(from);
  }

  mode(side: Files, path: string, mode: string): void {
    side.set(path, { ...side.get(path)!, mode });
  }

  link(): Entry {
    return { mode: "120000", data: `to/${this.marks.next()}` };
  }

  submodule(): Entry {
    return { mode: "160000", data: commitId(this.random) };
  }
}
