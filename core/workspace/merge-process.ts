import { createMutex } from "../mutex.ts";
import type { Conversation } from "../process/conversation.ts";
import { type Git, type GitCall, gitFailed, older } from "./git.ts";
import { parseTreeDiffs, type TreeEntryChange } from "./tree-diff.ts";

/** What git says of a merge of two commits. */
export interface MergeAnswer {
  readonly clean: boolean;
  /** With conflict markers inside when it is not clean. */
  readonly tree: string;
  /** The paths in conflict, sorted. */
  readonly paths: readonly string[];
}

/** Since when `merge-tree` reads pairs from its input. */
export const stdinSince = [2, 39] as const;
/** Since when it answers each at once by itself. */
export const flushesSince = [2, 49] as const;

/** How long the first answer may take before git is believed to hold it back, in milliseconds. */
const firstAnswerMs = 5_000;

/** One `git merge-tree` for many merges where this git can, else one for each. */
export class MergeProcess implements AsyncDisposable {
  readonly #git: Git;
  readonly #call: GitCall;
  readonly #version: readonly [number, number];
  readonly #patienceMs: number;
  #talk: Promise<Talk | null> | null = null;

  constructor(
    git: Git,
    call: GitCall,
    version: readonly [number, number],
    patienceMs = firstAnswerMs,
  ) {
    this.#git = git;
    this.#call = call;
    this.#version = version;
    this.#patienceMs = patienceMs;
  }

  async merge(left: string, right: string): Promise<MergeAnswer> {
    this.#talk ??= this.#start();
    const talk = await this.#talk;
    let answer = talk === null ? null : await talk.ask(`${left} ${right}\n`);
    if (answer === null) {
      this.#talk = Promise.resolve(null);
      await talk?.end();
      answer = await this.#once(left, right);
    }
    return { ...answer, paths: withoutSides(answer.paths, [left, right]) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#talk)?.end();
  }

  /** Null where this git cannot, or `stdbuf` is not there to make it flush. */
  async #start(): Promise<Talk | null> {
    if (older(this.#version, stdinSince)) return null;
    const args = ["merge-tree", "--stdin", "--no-messages"];
    const unbuffered = older(this.#version, flushesSince);
    try {
      return new Talk(await this.#git.converse(args, this.#call, unbuffered), this.#patienceMs);
    } catch (error) {
      if (unbuffered && (error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }

  async #once(left: string, right: string): Promise<MergeAnswer> {
    const args = ["merge-tree", "--write-tree", "-z", "--no-messages", left, right];
    const done = await this.#git.attempt(args, this.#call);
    if (done.code !== 0 && done.code !== 1) throw gitFailed(args, done);
    const [tree = "", ...entries] = done.stdout.split("\0");
    return { clean: done.code === 0, tree: tree.trim(), paths: pathsOf(entries) };
  }
}

/** The conversation with `merge-tree --stdin`: `1|0 NUL tree NUL (entry NUL)* NUL` for each pair. */
class Talk {
  readonly #conversation: Conversation;
  readonly #patienceMs: number;
  #text = "";
  #answered = false;

  constructor(conversation: Conversation, patienceMs: number) {
    this.#conversation = conversation;
    this.#patienceMs = patienceMs;
  }

  /** Null when no answer came, or none that can be read. */
  async ask(pair: string): Promise<MergeAnswer | null> {
    this.#conversation.tell(pair);
    const [status, tree] = [await this.#record(), await this.#record()];
    if ((status !== "0" && status !== "1") || !/^[0-9a-f]{40,64}$/.test(tree ?? "")) return null;
    const entries: string[] = [];
    for (;;) {
      const entry = await this.#record();
      if (entry === null) return null;
      if (entry === "") break;
      entries.push(entry);
    }
    return { clean: status === "1", tree: tree as string, paths: pathsOf(entries) };
  }

  end(): Promise<void> {
    return this.#conversation.end();
  }

  async #record(): Promise<string | null> {
    for (;;) {
      const end = this.#text.indexOf("\0");
      if (end >= 0) {
        const record = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return record;
      }
      const heard = this.#answered ? await this.#conversation.hear() : await this.#first();
      if (heard === null) return null;
      this.#answered = true;
      this.#text += heard;
    }
  }

  /** A git that buffers in spite of `stdbuf` would keep everybody waiting for ever. */
  async #first(): Promise<string | null> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), this.#patienceMs);
    });
    try {
      return await Promise.race([this.#conversation.hear(), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** One `git diff-tree` for many pairs of trees. */
export class DiffProcess implements AsyncDisposable {
  readonly #git: Git;
  readonly #call: GitCall;
  /** An answer does not say which question it is for. */
  readonly #alone = createMutex();
  #conversation: Promise<Conversation> | null = null;

  constructor(git: Git, call: GitCall) {
    this.#git = git;
    this.#call = call;
  }

  /** Differences of pairs of trees, in the order of the pairs. */
  diff(
    ...pairs: readonly (readonly [string, string])[]
  ): Promise<readonly (readonly TreeEntryChange[])[]> {
    return this.#alone(() => this.#ask(pairs));
  }

  async #ask(
    pairs: readonly (readonly [string, string])[],
  ): Promise<readonly (readonly TreeEntryChange[])[]> {
    const args = ["diff-tree", "--stdin", "-r", "-z", "--raw", "--no-renames", "--no-abbrev"];
    this.#conversation ??= this.#git.converse(args, this.#call);
    const conversation = await this.#conversation;
    // A line that is no id is given back as it is, and everything before it is flushed.
    const end = `end ${crypto.randomUUID()}\n`;
    conversation.tell(pairs.map(([from, to]) => `${from} ${to}\n`).join("") + end);
    let text = "";
    while (!text.endsWith(end)) {
      const heard = await conversation.hear();
      if (heard === null) {
        // Whoever asks next talks to another git.
        this.#conversation = null;
        throw gitFailed(args, await remains(conversation));
      }
      text += heard;
    }
    return parseTreeDiffs(text.slice(0, -end.length), pairs.length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#conversation)?.end();
  }
}

async function remains(conversation: Conversation) {
  await conversation.end();
  return { code: null, stdout: "", stderr: await conversation.complaint() };
}

/** Where a file stands in the way of a directory, git names it after the commit it is from: `path~<commit>`. */
function withoutSides(paths: readonly string[], sides: readonly string[]): readonly string[] {
  const plain = (path: string): string => {
    const mark = path.lastIndexOf("~");
    const side = path.slice(mark + 1).replace(/_\d+$/, "");
    return mark > 0 && sides.includes(side) ? path.slice(0, mark) : path;
  };
  return [...new Set(paths.map(plain))].sort();
}

/** Entries are `mode id stage TAB path`; a path stands there once for each stage. */
function pathsOf(entries: readonly string[]): readonly string[] {
  const paths = new Set<string>();
  for (const entry of entries) {
    const match = /^[0-7]{6} [0-9a-f]+ [123]\t([\s\S]+)$/.exec(entry);
    if (match) paths.add(match[1]!);
  }
  return [...paths].sort();
}
