import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Git } from "./git.ts";

const fileName = ".gitattributes";

/**
 * Makes merges follow the attributes of their base, and of nothing else: git reads them from the work tree it runs in,
 * so it gets one that holds the attribute files of the base alone.
 */
export class BaseAttributes {
  readonly #control: Git;
  readonly #dir: string;
  readonly #known = new Map<string, Promise<string>>();

  constructor(control: Git, dir: string) {
    this.#control = control;
    this.#dir = dir;
  }

  /** The work tree for merges whose base has this tree; bases with the same attributes share one. */
  of(tree: string): Promise<string> {
    let found = this.#known.get(tree);
    if (!found) {
      found = this.#find(tree);
      this.#known.set(tree, found);
    }
    return found;
  }

  async #find(tree: string): Promise<string> {
    const listed = await this.#control.run(["ls-tree", "-r", "-z", "--full-tree", tree]);
    const files = listed.split("\0").flatMap((line) => {
      const match = /^100(?:644|755) blob ([0-9a-f]+)\t([\s\S]+)$/.exec(line);
      return match && isAttributeFile(match[2]!) ? [{ id: match[1]!, path: match[2]! }] : [];
    });
    const key = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 40);
    const dir = join(this.#dir, key);
    if (!existsSync(dir)) await this.#write(dir, files);
    return dir;
  }

  async #write(dir: string, files: readonly { id: string; path: string }[]): Promise<void> {
    const draft = `${dir}.${crypto.randomUUID().slice(0, 8)}`;
    await mkdir(draft, { recursive: true });
    // Without a file at the top git would take that of the merge's result, which an agent may have written.
    await writeFile(join(draft, fileName), "");
    for (const { id, path } of files) {
      await mkdir(dirname(join(draft, path)), { recursive: true });
      await writeFile(join(draft, path), await this.#control.run(["cat-file", "blob", id]));
    }
    // Another `ra` may have been faster: then its files are the same.
    await rename(draft, dir).catch(() => rm(draft, { recursive: true, force: true }));
  }
}

function isAttributeFile(path: string): boolean {
  return path === fileName || path.endsWith(`/${fileName}`);
}
