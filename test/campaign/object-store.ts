import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";

/** What git calls an object format. */
export type ObjectFormat = "sha1" | "sha256";

/** One name in a tree. `mode` as git prints it without leading zeros. */
export interface TreeName {
  readonly mode: string;
  readonly name: string;
  readonly id: string;
}

/** Writes objects into a git directory without starting git. */
export class ObjectStore {
  readonly #dir: string;
  readonly #format: ObjectFormat;
  readonly #written = new Set<string>();

  /** `dir`: the `objects` directory. */
  constructor(dir: string, format: ObjectFormat = "sha1") {
    this.#dir = dir;
    this.#format = format;
  }

  blob(data: string | Uint8Array): string {
    return this.#write("blob", Buffer.from(data as Uint8Array));
  }

  tree(names: readonly TreeName[]): string {
    const key = ({ mode, name }: TreeName): Buffer =>
      Buffer.from(mode === "40000" ? `${name}/` : name);
    const sorted = [...names].sort((a, b) => Buffer.compare(key(a), key(b)));
    const body = sorted.flatMap(({ mode, name, id }) => [
      Buffer.from(`${mode} ${name}\0`),
      Buffer.from(id, "hex"),
    ]);
    return this.#write("tree", Buffer.concat(body));
  }

  /** A commit of a person whose clock stands at the seconds given. */
  commit(input: {
    readonly tree: string;
    readonly parents?: readonly string[];
    readonly message?: string;
    readonly date?: number;
  }): string {
    const who = `Eve <eve@example.com> ${input.date ?? 1_700_000_000} +0000`;
    const lines = [
      `tree ${input.tree}`,
      ...(input.parents ?? []).map((parent) => `parent ${parent}`),
      `author ${who}`,
      `committer ${who}`,
      "",
      input.message ?? "left by an agent",
      "",
    ];
    return this.#write("commit", Buffer.from(lines.join("\n")));
  }

  #write(type: string, body: Buffer): string {
    const whole = Buffer.concat([Buffer.from(`${type} ${body.length}\0`), body]);
    const id = new Bun.CryptoHasher(this.#format).update(whole).digest("hex");
    if (this.#written.has(id)) return id;
    this.#written.add(id);
    const dir = join(this.#dir, id.slice(0, 2));
    const path = join(dir, id.slice(2));
    if (existsSync(path)) return id;
    mkdirSync(dir, { recursive: true });
    writeFileSync(path, deflateSync(whole, { level: 1 }), { mode: 0o444 });
    return id;
  }
}
