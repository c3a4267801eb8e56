import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ObjectStore } from "./object-store.ts";

/** Three trees to be merged, and the `.gitattributes` files of the base by path. */
export interface Triple {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** What plain git says of three trees. `missing`: an object is not there. */
export type Verdict =
  | { readonly kind: "clean"; readonly tree: string }
  | { readonly kind: "conflict"; readonly paths: readonly string[] }
  | { readonly kind: "missing"; readonly reason: string };

/** What a git left behind. */
export interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Git as anybody has it, with nothing of `ra` in it and no configuration of the machine. */
export class PlainGit {
  readonly gitDir: string;
  readonly #home: string;
  readonly #attributeDirs = new Map<string, string>();

  /** `home`: an empty directory of the caller's, for scratch files. */
  constructor(gitDir: string, home: string) {
    this.gitDir = gitDir;
    this.#home = home;
    mkdirSync(home, { recursive: true });
  }

  /** Runs git on the git directory. */
  async attempt(
    args: readonly string[],
    call: { readonly input?: string; readonly env?: Record<string, string>; cwd?: string } = {},
  ): Promise<Answer> {
    const child = Bun.spawn(["git", ...args], {
      cwd: call.cwd ?? this.#home,
      env: { ...plainEnvironment(this.#home), GIT_DIR: this.gitDir, ...call.env },
      stdin: call.input === undefined ? "ignore" : new Blob([call.input]),
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    await child.exited;
    return { code: child.exitCode, stdout, stderr };
  }

  /** Standard output; throws when git fails. */
  async run(...[args, call]: Parameters<PlainGit["attempt"]>): Promise<string> {
    const done = await this.attempt(args, call);
    if (done.code !== 0) throw new Error(`git ${args.join(" ")}: ${done.stderr}`);
    return done.stdout;
  }

  /** Merges trees as `git merge-tree` does in a checkout of the base, with synthetic commits on that base. */
  async merge(store: ObjectStore, triples: readonly Triple[]): Promise<Verdict[]> {
    const groups = Map.groupBy(triples, ({ attributes }) => JSON.stringify([...attributes].sort()));
    const verdicts = new Map<Triple, Verdict>();
    for (const [key, group] of groups) {
      const cwd = this.#attributeDir(key, group[0]!.attributes);
      const lines = group.map((triple) => syntheticPair(store, triple));
      const all = await this.#mergeAll(cwd, lines);
      group.forEach((triple, i) => {
        verdicts.set(triple, all[i]!);
      });
    }
    return triples.map((triple) => verdicts.get(triple)!);
  }

  /** What git says in words of the merges: their `CONFLICT (kind)` lines. */
  async conflictKinds(store: ObjectStore, triple: Triple): Promise<string[]> {
    const cwd = this.#attributeDir(JSON.stringify([...triple.attributes]), triple.attributes);
    const pair = syntheticPair(store, triple).split(" ");
    const args = ["merge-tree", "--write-tree", "--messages", ...pair];
    const { stdout } = await this.attempt(args, { cwd, env: { GIT_WORK_TREE: cwd } });
    return [...stdout.matchAll(/^CONFLICT \(([^)]+)\)/gm)].map((match) => match[1]!);
  }

  /** One git for all; one git each when that broke off at a missing object. */
  async #mergeAll(cwd: string, lines: readonly string[]): Promise<Verdict[]> {
    const args = ["merge-tree", "--write-tree", "--stdin", "-z", "--no-messages"];
    const call = { cwd, env: { GIT_WORK_TREE: cwd } };
    const done = await this.attempt(args, { ...call, input: `${lines.join("\n")}\n` });
    if (done.code === 0) {
      const verdicts = parseVerdicts(done.stdout);
      if (verdicts.length === lines.length) return verdicts;
    }
    if (lines.length === 1) return [{ kind: "missing", reason: done.stderr.trim() }];
    const each: Verdict[] = [];
    for (const line of lines) each.push(...(await this.#mergeAll(cwd, [line])));
    return each;
  }

  /** A directory that holds the attributes files of a base and nothing else: git reads them from its work tree. */
  #attributeDir(key: string, attributes: ReadonlyMap<string, string>): string {
    const known = this.#attributeDirs.get(key);
    if (known !== undefined) return known;
    const dir = join(this.#home, `attributes-${this.#attributeDirs.size}`);
    mkdirSync(dir);
    // Without a file at the top git falls back to the one of the merge's result; `--attr-source` does not.
    writeFileSync(join(dir, ".gitattributes"), "");
    for (const [path, text] of attributes) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), text, "latin1");
    }
    this.#attributeDirs.set(key, dir);
    return dir;
  }
}

/**
 * Paths of a conflict without what git hangs on the ones that it had to move: the id of the commit they come from.
 * In order, each once.
 */
export function plainPaths(paths: readonly string[]): string[] {
  return [...new Set(paths.map((path) => path.replace(/~[0-9a-f]{40,64}(_\d+)?$/, "")))].sort();
}

/** The environment of a git that reads no configuration of the machine. */
export function plainEnvironment(home: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    HOME: home,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: existsSync(join(home, ".gitconfig"))
      ? join(home, ".gitconfig")
      : "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
  };
}

/** Two commits, each with one tree, on a base that only they have. */
function syntheticPair(store: ObjectStore, { base, ours, theirs }: Triple): string {
  const root = store.commit({ tree: base, message: "base" });
  const side = (tree: string): string => store.commit({ tree, parents: [root], message: "side" });
  return `${side(ours)} ${side(theirs)}`;
}

/** Reads what `merge-tree --stdin -z --no-messages` prints: verdict, tree, entries, and an empty record as the end. */
function parseVerdicts(text: string): Verdict[] {
  const records = text.split("\0");
  const verdicts: Verdict[] = [];
  for (let at = 0; records[at] === "0" || records[at] === "1"; at++) {
    const clean = records[at++] === "1";
    const tree = records[at++]!;
    const paths = new Set<string>();
    for (; records[at] !== "" && at < records.length; at++) {
      paths.add(records[at]!.slice(records[at]!.indexOf("\t") + 1));
    }
    verdicts.push(
      clean ? { kind: "clean", tree } : { kind: "conflict", paths: plainPaths([...paths]) },
    );
  }
  return verdicts;
}
