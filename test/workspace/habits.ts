import { createHash } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gitIn, tryGit, write } from "./fixture.ts";

/** Numbers from 0 to below 1 that a seed decides (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An agent at work in a directory, which remembers the id of all content it does not write over or delete unseen by git. */
export class Agent {
  readonly #given: string[] = [];
  readonly #loose = new Map<string, string>();
  readonly #dir: string;
  readonly #env: Record<string, string>;
  readonly #random: () => number;
  #count = 0;

  constructor(dir: string, env: Record<string, string>, seed: number) {
    this.#dir = dir;
    this.#env = env;
    this.#random = randomFrom(seed);
  }

  /** Writes one to four new files with content that nothing else has, and perhaps a change to a tracked one. */
  work(): string[] {
    const names: string[] = [];
    const count = 1 + Math.floor(this.#random() * 4);
    for (let i = 0; i < count; i++) names.push(this.#name());
    if (this.#random() < 0.5) names.push("a.txt");
    for (const name of names) this.put(name);
    return names;
  }

  /** Writes one file. */
  put(name: string, text?: string): void {
    const length = Math.floor(this.#random() * 3000);
    const bytes = Buffer.from(
      text ?? `${this.#random()}\n${"x\r\n\0ü".repeat(length / 6)}${this.#random()}`,
    );
    write(this.#dir, { [name]: "" });
    writeFileSync(join(this.#dir, name), bytes);
    this.#loose.set(name, blobId(bytes));
  }

  /** Ids of all content that must not be lost. */
  get ids(): readonly string[] {
    return [...this.#given, ...this.#loose.values()];
  }

  git(...args: string[]): string {
    if (["add", "stash"].includes(args[0]!)) {
      this.#given.push(...this.#loose.values());
      this.#loose.clear();
    }
    return gitIn(this.#dir, this.#env, ...args);
  }

  /** Git that may fail, as a merge with conflicts does. */
  tryGit(...args: string[]): void {
    tryGit(this.#dir, this.#env, ...args);
  }

  commit(message = "work"): void {
    this.git("add", "-A");
    this.git("commit", "-qm", message);
  }

  stashOne(text: string): void {
    this.put("a.txt", text);
    this.git("stash", "-q");
  }

  remove(name: string): void {
    this.#loose.delete(name);
    rmSync(join(this.#dir, name), { force: true });
  }

  #name(): string {
    this.#count += 1;
    const dirs = ["", "src/", "deep/er/", "ü ö/", "-x/"];
    return `${dirs[Math.floor(this.#random() * dirs.length)]}f${this.#count}.bin`;
  }
}

/** The id git gives to a file with these bytes. */
function blobId(bytes: Buffer): string {
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** Ways in which agents leave work behind. */
export const habits: Readonly<Record<string, (agent: Agent) => void>> = {
  "commits on its branch": (agent) => {
    agent.work();
    agent.commit();
    agent.work();
    agent.commit();
  },
  "leaves files changed and new": (agent) => agent.work(),
  "leaves new files only": (agent) => agent.put("only/new.bin"),
  "stages, then deletes the files": (agent) => {
    const names = agent.work();
    agent.git("add", "-A");
    for (const name of names) agent.remove(name);
  },
  "commits on a detached HEAD and goes back": (agent) => {
    agent.git("checkout", "-q", "--detach");
    agent.work();
    agent.commit();
    agent.git("checkout", "-q", "-");
  },
  "commits on another branch and goes back": (agent) => {
    agent.git("checkout", "-qb", "other");
    agent.work();
    agent.commit();
    agent.work();
    agent.commit();
    agent.git("checkout", "-q", "-");
    agent.work();
  },
  "stops in the middle of a merge": (agent) => {
    diverge(agent);
    agent.tryGit("merge", "-q", "side");
    agent.put("late.bin");
  },
  "stops in the middle of a rebase": (agent) => {
    diverge(agent);
    agent.tryGit("rebase", "-q", "side");
    agent.put("late.bin");
  },
  "stashes, twice": (agent) => {
    agent.put("a.txt");
    agent.git("stash", "-q");
    agent.put("b.txt");
    agent.git("add", "b.txt");
    agent.put("b.txt");
    agent.git("stash", "-q");
  },
  "stashes new files too": (agent) => {
    agent.work();
    agent.put("a.txt");
    agent.git("stash", "-qu");
  },
  "amends, resets and deletes a branch": (agent) => {
    agent.work();
    agent.commit();
    agent.work();
    agent.git("add", "-A");
    agent.git("commit", "-q", "--amend", "--no-edit");
    agent.git("branch", "gone");
    agent.git("reset", "-q", "--hard", "HEAD~1");
    agent.git("branch", "-qD", "gone");
  },
  "packs everything and forgets nothing": (agent) => {
    agent.git("checkout", "-qb", "packed");
    agent.work();
    agent.commit();
    agent.git("tag", "-m", "v1", "v1");
    agent.git("checkout", "-q", "-");
    agent.git("branch", "-qD", "packed");
    agent.git("gc", "-q", "--prune=now");
    agent.git("pack-refs", "--all");
  },
};

/** Two branches that change the same file; the one checked out is not `side`. */
function diverge(agent: Agent): void {
  agent.git("checkout", "-qb", "side");
  agent.put("a.txt");
  agent.work();
  agent.commit();
  agent.git("checkout", "-q", "-");
  agent.put("a.txt");
  agent.commit();
}
