import { type Entry, type Files, isFree } from "./files.ts";
import type { Marks } from "./marks.ts";
import type { Random } from "./random.ts";

/** What an edit may draw from. */
export interface EditSource {
  readonly random: Random;
  readonly marks: Marks;
  /** Files that more than one task may add, each with the same content. */
  readonly shared: readonly (readonly [string, Entry])[];
  /** The tree the history started from. */
  readonly start: Files;
}

type Edit = (files: Files, source: EditSource) => void;

/** Where random files go; the empty one is the root. */
export const directories = ["", "", "src/", "src/api/", "docs/", "a b/", "lib/deep/er/"];

const names = [
  ...["main.ts", "Readme.md", "x", "naïve.txt", "with space.txt", 'quo"te.txt', "-dash.txt"],
  ...["tab\tname", "back\\slash", "日本.txt", "Makefile", "line\nbreak", "percent%s", "$HOME"],
  ...["{brace}", "star*.txt", "a.b.c", "UPPER", "semi;colon", "'single'"],
];

const repeated = ["}", "", "  return;", "end", "// ----", "import x;"];

/** A small repository: text, binaries, symlinks, executable files, in directories, some with odd names. */
export function randomFiles(random: Random, marks: Marks): Files {
  const files: Files = new Map();
  const count = random.between(4, 14);
  for (let i = 0; i < count; i++) addFile(files, freePath(files, random), random, marks);
  if (random.chance(0.2)) {
    files.set(".gitattributes", regular("*.txt merge=union\n*.md -merge\nUPPER binary\n"));
  }
  if (random.chance(0.15) && isFree(files, "src/.gitattributes")) {
    files.set("src/.gitattributes", regular("*.ts merge=union\nx -text\n"));
  }
  return files;
}

/** Changes a copy of the files in one to four ways. */
export function randomlyEdited(files: Files, source: EditSource): Files {
  const edited: Files = new Map(files);
  const count = source.random.between(1, 4);
  for (let i = 0; i < count; i++) source.random.pick(edits)(edited, source);
  return edited;
}

/** A regular file. */
export function regular(data: string): Entry {
  return { mode: "100644", data };
}

/** Lines of text: some stand in many files, each other one nowhere else. */
export function textOf(random: Random, marks: Marks, count: number): string {
  const lines = Array.from({ length: count }, () =>
    random.chance(0.3) ? random.pick(repeated) : `line ${marks.next()}`,
  );
  const end = random.chance(0.85) ? "\n" : "";
  return lines.join("\n") + end;
}

/** Bytes that git takes for binary. */
export function binaryOf(random: Random, marks: Marks): string {
  const bytes = Array.from({ length: random.between(20, 80) }, () =>
    String.fromCharCode(random.below(256)),
  );
  return `\0${bytes.join("").replaceAll("~", "-")}${marks.next()}\0`;
}

/** A path at which nothing stands yet. */
export function freePath(files: Files, random: Random): string {
  for (let tries = 0; ; tries++) {
    const suffix = tries < 5 ? "" : String(random.below(10_000));
    const path = random.pick(directories) + random.pick(names) + suffix;
    if (isFree(files, path)) return path;
  }
}

function addFile(files: Files, path: string, random: Random, marks: Marks): void {
  const kind = random.below(10);
  if (kind === 0) files.set(path, { mode: "120000", data: `to/${marks.next()}` });
  else if (kind === 1) files.set(path, regular(binaryOf(random, marks)));
  else if (kind === 2) files.set(path, { mode: "160000", data: commitId(random) });
  else {
    const mode = kind === 3 ? "100755" : "100644";
    files.set(path, { mode, data: textOf(random, marks, random.between(1, 25)) });
  }
}

/** An id of a commit that need not exist, as a submodule has it. */
export function commitId(random: Random): string {
  return Array.from({ length: 40 }, () => random.below(16).toString(16)).join("");
}

/** Lines with their ends. */
function linesOf(data: string): string[] {
  return data.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function endOf(lines: readonly string[]): string {
  return lines[0]?.endsWith("\r\n") ? "\r\n" : "\n";
}

/** Applies a change to one random file that fits and is no attributes file; without one nothing happens. */
function toOne(
  fits: (entry: Entry, path: string) => boolean,
  change: (path: string, entry: Entry, files: Files, source: EditSource) => void,
): Edit {
  return (files, source) => {
    const fitting = [...files].filter(
      ([path, entry]) => !path.endsWith(".gitattributes") && fits(entry, path),
    );
    if (fitting.length === 0) return;
    const [path, entry] = source.random.pick(fitting);
    change(path, entry, files, source);
  };
}

const isFile = ({ mode }: Entry): boolean => mode === "100644" || mode === "100755";
const isText = (entry: Entry): boolean => isFile(entry) && !entry.data.includes("\0");

const modifyLines = toOne(isText, (path, entry, files, { random, marks }) => {
  const lines = linesOf(entry.data);
  for (let i = random.between(1, 3); i > 0 && lines.length > 0; i--) {
    lines[random.below(lines.length)] = `changed ${marks.next()}${endOf(lines)}`;
  }
  files.set(path, { ...entry, data: lines.join("") });
});

const insertLines = toOne(isText, (path, entry, files, { random, marks }) => {
  const lines = linesOf(entry.data);
  const at = random.below(lines.length + 1);
  const before = at > 0 && at === lines.length && !entry.data.endsWith("\n") ? "\n" : "";
  lines.splice(at, 0, `${before}inserted ${marks.next()}${endOf(lines)}`);
  files.set(path, { ...entry, data: lines.join("") });
});

const append = toOne(isText, (path, entry, files, { marks }) => {
  const before = entry.data === "" || entry.data.endsWith("\n") ? "" : "\n";
  files.set(path, { ...entry, data: `${entry.data}${before}appended ${marks.next()}\n` });
});

const deleteLines = toOne(isText, (path, entry, files, { random }) => {
  const lines = linesOf(entry.data);
  lines.splice(random.below(lines.length + 1), random.between(1, 4));
  files.set(path, { ...entry, data: lines.join("") });
});

const remove = toOne(
  () => true,
  (path, _entry, files) => {
    files.delete(path);
  },
);

const rename = toOne(
  () => true,
  (path, entry, files, { random }) => {
    files.delete(path);
    files.set(freePath(files, random), entry);
  },
);

const renameAndEdit = toOne(isText, (path, entry, files, { random, marks }) => {
  const lines = linesOf(entry.data);
  lines.splice(random.below(lines.length + 1), 0, `moved ${marks.next()}${endOf(lines)}`);
  files.delete(path);
  files.set(freePath(files, random), { ...entry, data: lines.join("") });
});

const renameDirectory: Edit = (files, { random }) => {
  const tops = [...new Set([...files.keys()].flatMap((path) => path.match(/^[^/]+(?=\/)/) ?? []))];
  if (tops.length === 0) return;
  const from = random.pick(tops);
  const to = `${from} moved${random.below(3)}`;
  if (!isFree(files, to)) return;
  for (const [path, entry] of [...files]) {
    if (!path.startsWith(`${from}/`)) continue;
    files.delete(path);
    files.set(`${to}${path.slice(from.length)}`, entry);
  }
};

const changeMode = toOne(isFile, (path, entry, files) => {
  files.set(path, { ...entry, mode: entry.mode === "100644" ? "100755" : "100644" });
});

const fileToLink = toOne(isFile, (path, _entry, files, { marks }) => {
  files.set(path, { mode: "120000", data: `now/${marks.next()}` });
});

const linkToFile = toOne(
  ({ mode }) => mode === "120000",
  (path, _entry, files, { random, marks }) => {
    files.set(path, regular(textOf(random, marks, 5)));
  },
);

const fileToDirectory = toOne(isFile, (path, entry, files, { random }) => {
  files.delete(path);
  files.set(`${path}/${random.pick(["index", "inner file"])}`, entry);
});

const directoryToFile = toOne(
  (_entry, path) => path.includes("/"),
  (path, _entry, files, { random, marks }) => {
    const dir = path.slice(0, path.lastIndexOf("/"));
    for (const other of [...files.keys()]) if (other.startsWith(`${dir}/`)) files.delete(other);
    files.set(dir, regular(textOf(random, marks, 4)));
  },
);

const toggleLineEnds = toOne(isText, (path, entry, files) => {
  const data = entry.data.includes("\r\n")
    ? entry.data.replaceAll("\r\n", "\n")
    : entry.data.replaceAll("\n", "\r\n");
  files.set(path, { ...entry, data });
});

const changeCase = toOne(
  (_entry, path) => /[a-z]/i.test(path.slice(path.lastIndexOf("/") + 1)),
  (path, entry, files) => {
    const cut = path.lastIndexOf("/") + 1;
    const name = path.slice(cut);
    const other = name === name.toUpperCase() ? name.toLowerCase() : name.toUpperCase();
    const to = path.slice(0, cut) + other;
    if (!isFree(files, to)) return;
    files.delete(path);
    files.set(to, entry);
  },
);

const editBinary = toOne(
  (entry) => isFile(entry) && entry.data.includes("\0"),
  (path, entry, files, { marks }) => {
    files.set(path, { ...entry, data: `${entry.data}${marks.next()}\0` });
  },
);

const moveSubmodule = toOne(
  ({ mode }) => mode === "160000",
  (path, entry, files, { random }) => {
    files.set(path, { ...entry, data: commitId(random) });
  },
);

const addNew: Edit = (files, { random, marks }) =>
  addFile(files, freePath(files, random), random, marks);

const addShared: Edit = (files, { random, shared }) => {
  const [path, entry] = random.pick(shared);
  if (isFree(files, path)) files.set(path, entry);
};

const changeAttributes: Edit = (files, { random }) => {
  const paths = [...files.keys()].filter((path) => path.endsWith(".gitattributes"));
  if (paths.length === 0) return;
  const path = random.pick(paths);
  if (random.chance(0.3)) files.delete(path);
  else files.set(path, regular(random.pick(["*.txt -merge\n", "* merge=union\n", "x binary\n"])));
};

/** Puts one file back to what it was when the history started. */
const revert: Edit = (files, { random, start }) => {
  const [path, entry] = random.pick([...start]);
  if (files.has(path) || isFree(files, path)) files.set(path, entry);
};

const edits: readonly Edit[] = [
  ...[modifyLines, modifyLines, modifyLines, insertLines, insertLines, append, deleteLines],
  ...[remove, rename, rename, renameAndEdit, renameDirectory, changeMode, fileToLink, linkToFile],
  ...[fileToDirectory, directoryToFile, toggleLineEnds, changeCase, editBinary, moveSubmodule],
  ...[addNew, addNew, addShared, revert, changeAttributes],
];
