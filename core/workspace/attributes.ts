import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Git, older } from "./git.ts";

/** How git is told which attributes rule a merge. */
export interface AttributeSource {
  /** Options before the command. */
  readonly options: readonly string[];
  readonly config: Readonly<Record<string, string>>;
}

/** From here on git reads attributes from a tree; before, only from one file. */
const attrSourceSince = [2, 41] as const;

/**
 * Makes merges follow the attributes of their base, and of nothing else: git would read those of whatever
 * directory it runs in. Before git 2.41 only the `.gitattributes` at the root of the base counts.
 */
export class BaseAttributes {
  readonly #control: Git;
  readonly #dir: string;
  readonly #fromTree: boolean;
  readonly #files = new Map<string, Promise<string>>();

  constructor(control: Git, dir: string, version: readonly [number, number]) {
    this.#control = control;
    this.#dir = dir;
    this.#fromTree = !older(version, attrSourceSince);
  }

  /** The source for merges whose base has this tree. */
  async of(tree: string): Promise<AttributeSource> {
    if (this.#fromTree) {
      return { options: [`--attr-source=${tree}`], config: { "core.attributesFile": "/dev/null" } };
    }
    const known = this.#files.get(tree);
    const file = known ?? this.#write(tree);
    if (known === undefined) this.#files.set(tree, file);
    return { options: [], config: { "core.attributesFile": await file } };
  }

  async #write(tree: string): Promise<string> {
    const listed = await this.#control.run(["ls-tree", tree, "--", ".gitattributes"]);
    const blob = /^100(?:644|755) blob ([0-9a-f]+)\t/.exec(listed)?.[1];
    if (blob === undefined) return "/dev/null";
    const path = join(this.#dir, blob);
    if (existsSync(path)) return path;
    await mkdir(this.#dir, { recursive: true });
    await writeFile(path, await this.#control.run(["cat-file", "blob", blob]));
    return path;
  }
}
