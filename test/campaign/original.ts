import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ObjectSource } from "./object-source.ts";
import type { ObjectFormat } from "./object-store.ts";
import { PlainGit } from "./plain-git.ts";
import { makeScratch, type Scratch } from "./scratch.ts";

/** A commit with two parents. */
export interface MergeCommit {
  readonly id: string;
  readonly parents: readonly [string, string];
}

/** A repository that is only read, seen through a scratch repository that borrows its objects. */
export class Original {
  readonly scratch: Scratch;
  readonly source: ObjectSource;
  /** Git on a git directory of its own, so that what `ra` wrote and what plain git wrote stay apart. */
  readonly reference: PlainGit;
  readonly referenceObjects: string;
  readonly format: ObjectFormat;
  readonly #tips: readonly string[];

  private constructor(input: {
    readonly scratch: Scratch;
    readonly source: ObjectSource;
    readonly reference: PlainGit;
    readonly referenceObjects: string;
    readonly format: ObjectFormat;
    readonly tips: readonly string[];
  }) {
    this.scratch = input.scratch;
    this.source = input.source;
    this.reference = input.reference;
    this.referenceObjects = input.referenceObjects;
    this.format = input.format;
    this.#tips = input.tips;
  }

  /** `top`: an empty directory for everything that is written. Throws when there is no repository at the path. */
  static async open(path: string, top: string): Promise<Original> {
    const home = join(top, "reader");
    mkdirSync(home);
    // The repository may belong to somebody else, and is only read.
    writeFileSync(join(home, ".gitconfig"), "[safe]\n\tdirectory = *\n");
    const gitDir = await commonDirOf(resolve(path), home);
    const reader = new PlainGit(gitDir, home);
    const format = (await reader.run(["rev-parse", "--show-object-format"])).trim();
    const objectFormat: ObjectFormat = format === "sha256" ? "sha256" : "sha1";
    const tips = await reader.run(["for-each-ref", "--format=%(objectname)"]);
    const head = await reader.attempt(["rev-parse", "--verify", "--quiet", "HEAD"]);
    const scratch = await makeScratch(top, { format: objectFormat });
    borrow(scratch.gitDir, [join(gitDir, "objects")]);
    if (existsSync(join(gitDir, "shallow"))) {
      copyFileSync(join(gitDir, "shallow"), join(scratch.gitDir, "shallow"));
    }
    const referenceDir = join(top, "reference.git");
    const reference = new PlainGit(referenceDir, join(top, "reference-home"));
    const init = ["init", "-q", "--bare", `--object-format=${objectFormat}`, referenceDir];
    await reference.run(init);
    borrow(referenceDir, [join(scratch.gitDir, "objects"), join(gitDir, "objects")]);
    const idLength = objectFormat === "sha256" ? 32 : 20;
    return new Original({
      ...{ scratch, reference, format: objectFormat },
      referenceObjects: join(referenceDir, "objects"),
      source: new ObjectSource(scratch.gitDir, join(top, "home"), idLength),
      tips: [...new Set(`${tips}${head.stdout}`.split("\n").filter((line) => line !== ""))],
    });
  }

  /** All merge commits that its refs lead to, newest first; those with more parents are counted only. */
  async merges(): Promise<{ readonly merges: readonly MergeCommit[]; readonly octopus: number }> {
    const args = ["rev-list", "--ignore-missing", "--min-parents=2", "--parents", "--stdin"];
    const input = `${this.#tips.join("\n")}\n`;
    const listed = await this.scratch.plain.run(args, { input });
    const merges: MergeCommit[] = [];
    let octopus = 0;
    for (const line of listed.split("\n")) {
      const [id, one, two, ...more] = line.split(" ");
      if (id === undefined || one === undefined || two === undefined) continue;
      if (more.length > 0) octopus++;
      else merges.push({ id, parents: [one, two] });
    }
    return { merges, octopus };
  }
}

async function commonDirOf(path: string, home: string): Promise<string> {
  const bare = existsSync(join(path, "objects")) && existsSync(join(path, "HEAD"));
  if (bare) return path;
  const git = new PlainGit(join(path, ".git"), home);
  const args = ["rev-parse", "--path-format=absolute", "--git-common-dir"];
  return (await git.run(args)).trim();
}

function borrow(gitDir: string, from: readonly string[]): void {
  writeFileSync(join(gitDir, "objects/info/alternates"), from.map((dir) => `${dir}\n`).join(""));
}
