import { dirname, join, normalize } from "node:path";

/** System calls that change names or content of files, or flush them. A `?` passes over those a machine does not have. */
const traced = [
  ...["openat", "?open", "?creat", "?rename", "renameat", "?renameat2", "?link", "linkat"],
  ...["?symlink", "symlinkat", "?unlink", "unlinkat", "?rmdir", "?mkdir", "mkdirat"],
  ...["write", "pwrite64", "writev", "?pwritev", "?pwritev2", "?copy_file_range", "?sendfile"],
  ...["ftruncate", "?fallocate", "fsync", "fdatasync", "?syncfs", "?sync", "chdir", "fchdir"],
];

/** The arguments of strace that write a trace which `readTrace` understands to a file. */
export function straceArguments(file: string): string[] {
  // A whole page of SQLite, however much of it is printed as escapes.
  const show = ["-f", "-qq", "-y", "-s", "8192", "-e", "signal=none"];
  return ["strace", ...show, "-e", `trace=${traced.join(",")}`, "-o", file];
}

/** One system call that succeeded. */
export interface Call {
  readonly pid: number;
  readonly name: string;
  /** Paths that it names, absolute, in the order of its arguments; for a call on a descriptor the path of that. */
  readonly paths: readonly string[];
  /** What it writes, as strace prints it. */
  readonly text: string;
  readonly flags: string;
}

/** The beginning or the end of a call. Between the two others happen: it may take effect at any time of that. */
export interface Moment {
  readonly kind: "begins" | "ends";
  readonly call: Call;
  /** Line of the trace, and with it the order of all moments. */
  readonly line: number;
  /** Line of the call's beginning. */
  readonly since: number;
}

/** Reads what strace wrote. Calls that failed are left out. Throws when a path cannot be told. */
export function readTrace(trace: string): Moment[] {
  const moments: Moment[] = [];
  const directories = new Map<string, string>();
  const open = new Map<string, { readonly head: string; readonly line: number }>();
  trace.split("\n").forEach((text, line) => {
    const [, pid = "", rest = ""] = /^(\d+) +(.*)$/.exec(text) ?? [];
    if (rest.endsWith("<unfinished ...>")) {
      open.set(pid, { head: rest.slice(0, -"<unfinished ...>".length), line });
      return;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const begun = open.get(pid);
    if (resumed !== null && begun === undefined) throw new Error(`no beginning: ${text}`);
    const whole = resumed === null ? rest : `${begun?.head}${resumed[1]}`;
    if (resumed !== null) open.delete(pid);
    const call = readCall(pid, whole, directories);
    if (call === null) return;
    const since = resumed === null ? line : (begun?.line ?? line);
    moments.push({ kind: "begins", call, line: since, since });
    moments.push({ kind: "ends", call, line, since });
  });
  // A stable order: a call that is one line begins before it ends.
  return moments.sort((a, b) => a.line - b.line);
}

const descriptor = /^\s*(?:\d+|AT_FDCWD)<([^>]*)>/;

function readCall(pid: string, text: string, directories: Map<string, string>): Call | null {
  const parts = /^(\w+)\((.*)\)\s+= (\d+)(?:<([^>]*)>)?[^=]*$/s.exec(text);
  if (parts === null) return null;
  const [, name = "", inside = "", , result] = parts;
  const here = /AT_FDCWD<([^>]*)>/.exec(inside)?.[1];
  if (here !== undefined) directories.set(pid, here);
  const quoted = [...inside.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, value]) => value ?? "");
  const base = {
    pid: Number(pid),
    name,
    text: "",
    flags: inside.replaceAll(/"(?:[^"\\]|\\.)*"/g, ""),
  };
  const absolute = (path: string, from = directories.get(pid)): string => {
    if (path.startsWith("/")) return normalize(path);
    if (from === undefined) throw new Error(`relative to nothing known: ${text}`);
    return normalize(join(from, path));
  };
  if (/^(?:openat|open|creat)$/.test(name)) return { ...base, paths: [result ?? ""] };
  if (/^f?chdir$/.test(name)) {
    const to = descriptor.exec(inside)?.[1] ?? absolute(quoted[0] ?? "");
    directories.set(pid, to);
    return { ...base, paths: [to] };
  }
  if (/^(?:f|p?write|copy_file|sendfile|sync)/.test(name)) {
    // What is copied goes to the second descriptor, and with `sendfile` to the first.
    const all = [...inside.matchAll(/(?:^|, )\d+<([^>]*)>/g)].map(([, path]) => path ?? "");
    const path = name === "copy_file_range" ? all[1] : all[0];
    return { ...base, paths: path === undefined ? [] : [path], text: quoted.join("") };
  }
  const from = /at2?$/.test(name) ? directoriesOf(inside) : [];
  const paths = (name.startsWith("symlink") ? quoted.slice(1) : quoted).map((path, i) =>
    absolute(path, from[i]),
  );
  return { ...base, paths };
}

/** The directories that paths of a call such as `renameat` are relative to, in their order. */
function directoriesOf(inside: string): string[] {
  return [...inside.matchAll(/(?:^|, )(?:\d+|AT_FDCWD)<([^>]*)>/g)].map(([, path]) => path ?? "");
}

/** How much of a file's text is remembered: that of a ref or of a mark is short. */
const textMax = 1024;

interface WrittenFile {
  /** The last line of the trace that wrote to it. */
  written: number;
  /** The beginning of the last flush that is over. */
  flushed: number;
  text: string;
}

/** What a power cut would leave: which content and which names have been flushed, from the calls so far alone. */
export class FlushedDisk {
  /** Content of files that were written, also under the names that they get. */
  readonly #files = new Map<string, WrittenFile>();
  /** Names that were made, and when. */
  readonly #names = new Map<string, number>();
  /** Directories that were flushed: the beginning of the last flush that is over. */
  readonly #directories = new Map<string, number>();
  #everything = -1;

  /** Takes in what a call did by its end. */
  apply({ call, line, since }: Moment): void {
    const { name, paths, flags, text } = call;
    const [path = "", second = ""] = paths;
    if (/^(?:openat|open|creat)$/.test(name)) {
      if (name === "creat" || /O_CREAT/.test(flags)) this.#create(path, flags, line);
      else if (/O_TRUNC/.test(flags)) this.#clear(path, line);
    } else if (/^(?:pwrite|write|copy_file|sendfile|ftruncate|fallocate)/.test(name)) {
      this.#write(path, line, text);
    } else if (name === "fsync" || name === "fdatasync") {
      const file = this.#files.get(path);
      if (file !== undefined) file.flushed = since;
      this.#directories.set(path, since);
    } else if (name.startsWith("sync")) {
      this.#everything = since;
    } else if (/^(?:mkdir|symlink)/.test(name)) {
      this.#names.set(path, line);
    } else if (name.startsWith("link")) {
      this.#take(path, second, line);
    } else if (name.startsWith("rename")) {
      this.#move(path, second, line);
    } else if (/^(?:unlink|rmdir)/.test(name)) {
      this.#files.delete(path);
      this.#names.delete(path);
    }
  }

  /** What of a file a power cut might take, one line each: its content, or a name on the way to it. */
  lacks(path: string): string[] {
    const missing = this.lacksContent(path) ? [`the content of ${path}`] : [];
    for (let at = path; at !== dirname(at); at = dirname(at)) {
      const made = this.#names.get(at);
      const flushed = Math.max(this.#directories.get(dirname(at)) ?? -1, this.#everything);
      if (made !== undefined && flushed <= made) missing.push(`the name of ${at}`);
    }
    return missing;
  }

  lacksContent(path: string): boolean {
    const file = this.#files.get(path);
    return file !== undefined && Math.max(file.flushed, this.#everything) <= file.written;
  }

  /** The files below a directory that were written, with how their text begins. */
  *below(dir: string): Iterable<readonly [string, string]> {
    for (const [path, { text }] of this.#files) {
      if (path.startsWith(`${dir}/`)) yield [path, text];
    }
  }

  #create(path: string, flags: string, line: number): void {
    // Whether it was there before is not told: it may be new.
    if (!this.#files.has(path)) this.#names.set(path, line);
    else if (!/O_TRUNC/.test(flags)) return;
    this.#clear(path, line);
  }

  #clear(path: string, line: number): void {
    this.#files.set(path, { written: line, flushed: -1, text: "" });
  }

  #write(path: string, line: number, text: string): void {
    if (!this.#files.has(path)) this.#clear(path, line);
    const file = this.#files.get(path)!;
    file.written = line;
    file.text = `${file.text}${text}`.slice(0, textMax);
  }

  #take(from: string, to: string, line: number): void {
    const file = this.#files.get(from);
    if (file === undefined) this.#files.delete(to);
    else this.#files.set(to, file);
    this.#names.set(to, line);
  }

  #move(from: string, to: string, line: number): void {
    this.#take(from, to, line);
    this.#files.delete(from);
    this.#names.delete(from);
    for (const [path, file] of [...this.#files]) {
      if (!path.startsWith(`${from}/`)) continue;
      this.#files.delete(path);
      this.#files.set(`${to}${path.slice(from.length)}`, file);
    }
  }
}
