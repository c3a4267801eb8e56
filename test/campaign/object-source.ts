import type { Entry, Files } from "./files.ts";
import { plainEnvironment } from "./plain-git.ts";

interface Asked {
  readonly resolve: (body: Buffer) => void;
  readonly reject: (error: Error) => void;
}

interface Name {
  readonly mode: string;
  readonly name: string;
  readonly id: string;
}

/** Reads objects through one `git cat-file --batch`. */
export class ObjectSource {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "ignore">;
  readonly #idLength: number;
  readonly #asked: Asked[] = [];
  readonly #trees = new Map<string, Promise<readonly Name[]>>();
  readonly #blobs = new Map<string, Promise<string>>();
  readonly #reading: Promise<void>;

  /** `home`: an empty directory. */
  constructor(gitDir: string, home: string, idLength: 20 | 32 = 20) {
    this.#idLength = idLength;
    this.#child = Bun.spawn(["git", "cat-file", "--batch"], {
      cwd: home,
      env: { ...plainEnvironment(home), GIT_DIR: gitDir },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "ignore",
    });
    this.#reading = this.#read();
  }

  /** The whole tree by path, in order, submodules as their commit ids. Throws when an object is missing. */
  async files(tree: string): Promise<Files> {
    const files: Files = new Map();
    await this.#collect(tree, "", files);
    return new Map([...files].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  /** The files of a tree whose name is `name`, by path. Blobs of other files need not be there. */
  async filesNamed(name: string, tree: string): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const each of await this.names(tree)) {
      if (each.mode === "40000") {
        for (const [path, id] of await this.filesNamed(name, each.id)) {
          found.set(`${each.name}/${path}`, id);
        }
      } else if (each.name === name && each.mode.startsWith("100")) found.set(name, each.id);
    }
    return found;
  }

  /** What stands in a tree, without what is below it. */
  names(tree: string): Promise<readonly Name[]> {
    let names = this.#trees.get(tree);
    if (names === undefined) {
      names = this.#object(tree).then((body) => parseTree(body, this.#idLength));
      this.#trees.set(tree, names);
    }
    return names;
  }

  /** The content of a blob, one character a byte. */
  blob(id: string): Promise<string> {
    let blob = this.#blobs.get(id);
    if (blob === undefined) {
      blob = this.#object(id).then((body) => body.toString("latin1"));
      this.#blobs.set(id, blob);
    }
    return blob;
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#reading;
    await this.#child.exited;
  }

  async #collect(tree: string, below: string, files: Files): Promise<void> {
    await Promise.all(
      (await this.names(tree)).map(async ({ mode, name, id }) => {
        const path = below + name;
        if (mode === "40000") return await this.#collect(id, `${path}/`, files);
        const entry: Entry = { mode, data: mode === "160000" ? id : await this.blob(id) };
        files.set(path, entry);
      }),
    );
  }

  #object(id: string): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      this.#child.stdin.write(`${id}\n`);
      this.#child.stdin.flush();
    });
  }

  async #read(): Promise<void> {
    let rest = Buffer.alloc(0);
    for await (const chunk of this.#child.stdout) {
      rest = Buffer.concat([rest, chunk]);
      for (;;) {
        const end = rest.indexOf(10);
        if (end < 0) break;
        const [id, type, size] = rest.subarray(0, end).toString().split(" ");
        if (type === "missing") {
          this.#asked.shift()!.reject(new Error(`no object ${id}`));
          rest = rest.subarray(end + 1);
          continue;
        }
        const after = end + 1 + Number(size);
        if (rest.length < after + 1) break;
        this.#asked.shift()!.resolve(Buffer.from(rest.subarray(end + 1, after)));
        rest = rest.subarray(after + 1);
      }
    }
    for (const { reject } of this.#asked) reject(new Error("git cat-file ended"));
  }
}

function parseTree(body: Buffer, idLength: number): Name[] {
  const names: Name[] = [];
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(32, at);
    const zero = body.indexOf(0, space);
    const mode = body.subarray(at, space).toString();
    const name = body.subarray(space + 1, zero).toString();
    at = zero + 1 + idLength;
    names.push({ mode, name, id: body.subarray(zero + 1, at).toString("hex") });
  }
  return names;
}
