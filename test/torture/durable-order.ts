import { dirname, join, relative } from "node:path";
import { type Call, FlushedDisk, type Moment } from "./trace.ts";

/** What a run is to have made durable, and where it tells. Paths are absolute. */
export interface Order {
  /** The write-ahead log of the registry. */
  readonly log: string;
  /** The file that standard output went to. */
  readonly told: string;
  /** What the names of marks begin with that tell which locks on refs a git of `ra` takes. */
  readonly marks: string;
  /** The user's checkout. */
  readonly checkout: string;
  /** The ref that the run lands on, and the files of the checkout that it moves. */
  readonly target: string;
  readonly landed: readonly string[];
  /** Files of the user that an attempt in the checkout took away, and that came back when it failed. */
  readonly restored: readonly string[];
  /** Where the workspaces of the run lie, by task. */
  readonly workspaces: string;
  /** The commit that was kept of each task. */
  readonly kept: ReadonlyMap<string, string>;
  /** What the events name, ids and refs of `ra`, and what has to be there for it. */
  readonly named: ReadonlyMap<string, Needed>;
  /** Whether a commit is another or descends from it. */
  holds(commit: string, ancestor: string): boolean;
}

/** What a commit needs that the run made. */
export interface Needed {
  readonly commit: string;
  /** The files of its objects. */
  readonly files: ReadonlySet<string>;
}

/** Goes through a trace as the disk saw it, and says where something was told, named or removed too early. */
export function judgeOrder(moments: readonly Moment[], order: Order): string[] {
  return new Judgement(order).of(moments);
}

class Judgement {
  readonly #order: Order;
  readonly #disk = new FlushedDisk();
  readonly #wrong: string[] = [];
  /** When the registry's log first named an id: the end of that write. */
  readonly #logged = new Map<string, number>();
  /** The beginning of the last flush of the registry's log that is over. */
  #logFlushed = -1;

  constructor(order: Order) {
    this.#order = order;
  }

  of(moments: readonly Moment[]): string[] {
    for (const moment of moments) {
      if (moment.kind === "begins") this.#begins(moment.call, moment);
      else this.#ends(moment);
    }
    for (const name of this.#order.named.keys()) {
      if (!this.#logged.has(name)) this.#wrong.push(`${name} was never seen in the registry's log`);
    }
    return [...new Set(this.#wrong)];
  }

  #begins(call: Call, { line }: Moment): void {
    const [path = "", to = ""] = call.paths;
    const { log, told, workspaces, kept, restored } = this.#order;
    const isWrite = /^p?write/.test(call.name);
    if (isWrite && path === log) this.#naming(call, line);
    if (isWrite && path === told) {
      for (const id of this.#namesIn(call.text)) {
        if (!this.#isRecorded(id)) this.#wrong.push(`${id} was told before it was recorded`);
      }
    }
    if (/^open/.test(call.name) && call.flags.includes("O_CREAT")) this.#locking(path);
    if (/^(?:rename|link)/.test(call.name)) this.#renaming(path, to);
    if (/^unlink/.test(call.name) && /\/refs\/ra\/.*\.before$/.test(path)) {
      for (const file of restored) {
        for (const what of this.#disk.lacks(file)) this.#wrong.push(`${path} went before ${what}`);
      }
    }
    for (const [task, commit] of kept) {
      const goes = /^(?:rename|rmdir|unlink)/.test(call.name) && path === join(workspaces, task);
      if (goes && !this.#isRecorded(commit)) this.#wrong.push(`${path} went before its result`);
    }
  }

  #ends(moment: Moment): void {
    const { call, line, since } = moment;
    this.#disk.apply(moment);
    if (call.paths[0] !== this.#order.log) return;
    if (/^f(?:data)?sync$/.test(call.name)) this.#logFlushed = since;
    if (!/^p?write/.test(call.name)) return;
    for (const id of this.#namesIn(call.text)) {
      if (!this.#logged.has(id)) this.#logged.set(id, line);
    }
  }

  /** The log is about to name ids: from now on a power cut may leave it with them. */
  #naming({ text }: Call, line: number): void {
    for (const name of this.#namesIn(text)) {
      if (this.#logged.has(name)) continue;
      const { commit, files } = this.#order.named.get(name)!;
      const missing = [...files].flatMap((file) => this.#disk.lacks(file));
      const ref = this.#pinOf(commit);
      if (ref === null) missing.push("a ref");
      else missing.push(...this.#disk.lacks(ref));
      for (const what of missing)
        this.#wrong.push(`line ${line + 1} records ${name} before ${what}`);
      if (ref === this.#order.target) this.#landing(`the record of ${name}`);
    }
  }

  /** A lock that stays when the power goes is told to be `ra`'s own by a mark only. */
  #locking(path: string): void {
    const { checkout, marks } = this.#order;
    const below = relative(join(checkout, ".git"), path);
    if (!/^(?:packed-refs|HEAD|refs\/heads\/.*)\.lock$/.test(below)) return;
    const found = [...this.#disk.below(dirname(marks))].find(
      ([mark, text]) => mark.startsWith(marks) && text.includes(path),
    );
    if (found === undefined) this.#wrong.push(`${path} was taken without a mark`);
    else
      for (const what of this.#disk.lacks(found[0]))
        this.#wrong.push(`${path} came before ${what}`);
  }

  #renaming(from: string, to: string): void {
    const { checkout, target } = this.#order;
    const counts = ["objects", "refs", "index", "HEAD", "packed-refs"].some((name) => {
      const path = join(checkout, ".git", name);
      return to === path || to.startsWith(`${path}/`);
    });
    if (counts && this.#disk.lacksContent(from))
      this.#wrong.push(`${to} was named before it was flushed`);
    if (to === target) this.#landing("the target");
  }

  #landing(before: string): void {
    const { checkout, landed } = this.#order;
    for (const file of [...landed, join(checkout, ".git", "index")]) {
      for (const what of this.#disk.lacks(file)) this.#wrong.push(`${before} came before ${what}`);
    }
  }

  #isRecorded(id: string): boolean {
    return this.#logFlushed > (this.#logged.get(id) ?? Number.POSITIVE_INFINITY);
  }

  /** A ref of which the disk holds everything, or else any, that leads to a commit. */
  #pinOf(id: string): string | null {
    const refs = [...this.#disk.below(join(this.#order.checkout, ".git", "refs"))].filter(
      ([path, text]) => !path.endsWith(".lock") && this.#order.holds(text.slice(0, 40), id),
    );
    const whole = refs.find(([path]) => this.#disk.lacks(path).length === 0);
    return (whole ?? refs[0])?.[0] ?? null;
  }

  #namesIn(text: string): string[] {
    const found = text.match(/(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])|refs\/ra\/[\w./-]+/g) ?? [];
    return [...new Set(found)].filter((name) => this.#order.named.has(name));
  }
}
