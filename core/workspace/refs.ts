import fs from "node:fs";
import { readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { assert } from "../assert.ts";
import { ExitCode, RaError } from "../error.ts";
import { flushAll, refDirectories, reftableName } from "./durable.ts";
import { type Git, gitFailed } from "./git.ts";
import { type Identity, keeper, signature } from "./identity.ts";
import { clearLeftLocks, RefLocks } from "./ref-locks.ts";
import { StoreFlush } from "./store-flush.ts";

/** Age in milliseconds from which a lock below `refs/ra/` is taken for one that a killed `ra` left. */
const staleLockMs = 10_000;

/** Reads and moves refs of the user's repository. */
export class Refs {
  readonly #user: Git;
  readonly #commonDir: string;
  readonly #gitDir: string;
  /** False where only git can read. */
  readonly #fast: boolean;
  readonly #reftable: boolean;
  /** The id that stands for "no commit". */
  readonly #zero: string;
  readonly #stateDir: string;
  readonly #locks: RefLocks;
  readonly #store: StoreFlush;

  constructor(input: {
    user: Git;
    commonDir: string;
    gitDir: string;
    /** True: ids are longer than those of SHA-1. */
    sha256: boolean;
    /** True: one list of tables, with one lock, stands for all refs. */
    reftable: boolean;
    stateDir: string;
  }) {
    this.#stateDir = input.stateDir;
    this.#locks = new RefLocks(input.stateDir);
    this.#store = new StoreFlush(input.commonDir);
    this.#user = input.user;
    this.#commonDir = input.commonDir;
    this.#gitDir = input.gitDir;
    this.#fast = !input.sha256 && !input.reftable;
    this.#reftable = input.reftable;
    this.#zero = "0".repeat(input.sha256 ? 64 : 40);
  }

  /** The branch that is checked out, here or where `gitDir` says; null when HEAD is detached. */
  async currentBranch(gitDir = this.#gitDir): Promise<string | null> {
    if (this.#fast) {
      const git = await import("isomorphic-git");
      const ref = await git.currentBranch({ fs, gitdir: gitDir, fullname: true });
      return branchName(ref ?? "");
    }
    const env = { GIT_DIR: gitDir };
    const done = await this.#user.attempt(["symbolic-ref", "-q", "HEAD"], { env });
    return done.code === 0 ? branchName(done.stdout.trim()) : null;
  }

  /** Commit of a ref; null when it does not exist. */
  async read(ref: string): Promise<string | null> {
    if (this.#fast) {
      const git = await import("isomorphic-git");
      // The common directory holds all branches, so linked worktrees need no special care.
      const options = { fs, gitdir: this.#commonDir, ref };
      return await git.resolveRef(options).catch((error: Error) => {
        if (error.name === "NotFoundError") return null;
        throw error;
      });
    }
    const done = await this.#user.attempt(["rev-parse", "-q", "--verify", `${ref}^{commit}`]);
    return done.code === 0 ? done.stdout.trim() : null;
  }

  /**
   * Moves a ref from one commit to another by compare-and-swap, and makes both durable: first all objects that are
   * new, then the ref. `from` null: the ref must not exist. False when it is not at `from`. Throws `RaError` (exit 6) when git cannot write.
   */
  async swap(input: {
    ref: string;
    from: string | null;
    to: string;
    message?: string;
    who?: Identity;
  }): Promise<boolean> {
    const { ref, from, to } = input;
    const log = input.message === undefined ? [] : ["-m", input.message];
    const args = ["update-ref", "--no-deref", ...log, ref, to, from ?? this.#zero];
    const env = signature(input.who ?? keeper, Math.floor(Date.now() / 1000));
    await this.#store.flush();
    const done = await this.#attempt(ref, args, env);
    if (done.code !== 0) {
      if ((await this.read(ref)) !== from) return false;
      throw gitFailed(args, done);
    }
    await flushAll([], refDirectories(this.#commonDir, ref));
    return true;
  }

  /** Makes a ref and what it names durable that is there already: whoever wrote it may have died before it did so. */
  async settle(ref: string): Promise<void> {
    await this.#store.flush();
    const tables = this.#reftable ? await tablesOf(this.#commonDir) : [];
    const files = [join(this.#commonDir, ref), ...tables];
    await flushAll(files, refDirectories(this.#commonDir, ref));
  }

  /** Points a ref of `ra`'s own at a commit, whatever it held before, and makes it durable. */
  async set(ref: string, commit: string): Promise<void> {
    assertOwn(ref);
    for (let tries = 0; tries < 10; tries++) {
      const old = await this.read(ref);
      if (old === commit) return await this.settle(ref);
      if (await this.swap({ ref, from: old, to: commit })) return;
    }
    throw new RaError({
      code: "GIT_REF_BUSY",
      exitCode: ExitCode.environment,
      message: `\`${ref}\` is moved by something else all the time`,
      hint: "see with `ra ps --all` whether another `ra` works on this run",
    });
  }

  /** Deletes a ref of `ra`'s own. Gone already is fine. */
  async remove(ref: string): Promise<void> {
    assertOwn(ref);
    const args = ["update-ref", "--no-deref", "-d", ref];
    const done = await this.#attempt(ref, args, {}, this.#locksToDelete(ref));
    if (done.code !== 0) throw gitFailed(args, done);
  }

  /** Deletes refs of `ra`'s own with one git. Those that are gone already are fine. */
  async removeAll(refs: readonly string[]): Promise<void> {
    if (refs.length === 0) return;
    for (const ref of refs) assertOwn(ref);
    const input = refs.map((ref) => `delete ${ref}\n`).join("");
    const args = ["update-ref", "--no-deref", "--stdin"];
    const locks = [this.#reftable ? this.#tablesLock : this.#packedLock];
    const done = await this.#locks.during(locks, () => this.#user.attempt(args, { input }));
    if (done.code !== 0) throw gitFailed(args, done);
  }

  /** Deletes a ref of `ra`'s own if it stands at this commit. False: it does not, or it could not be deleted. */
  async removeAt(ref: string, commit: string): Promise<boolean> {
    assertOwn(ref);
    const args = ["update-ref", "--no-deref", "-d", ref, commit];
    const done = await this.#attempt(ref, args, {}, this.#locksToDelete(ref));
    return done.code === 0;
  }

  /** Runs git, and once more when it was killed, or when a lock that a killed git of a `ra` left was in its way. */
  async #attempt(ref: string, args: readonly string[], env = {}, locks = this.#locksOf(ref)) {
    const once = () => this.#locks.during(locks, () => this.#user.attempt(args, { env }));
    const done = await once();
    if (done.code === 0) return done;
    if (done.code !== null && !(await this.#clearLocks(ref))) return done;
    return await once();
  }

  /** What git locks to move a ref. Below `refs/ra/` the lock itself tells whose it is. */
  #locksOf(ref: string): readonly string[] {
    if (this.#reftable) return [this.#tablesLock];
    if (ref.startsWith("refs/ra/")) return [];
    return [join(this.#commonDir, `${ref}.lock`), join(this.#gitDir, "HEAD.lock")];
  }

  async #clearLocks(ref: string): Promise<boolean> {
    if (await clearStaleLock(this.#commonDir, ref)) return true;
    return (await clearLeftLocks(this.#stateDir, this.#commonDir)).length > 0;
  }

  #locksToDelete(ref: string): readonly string[] {
    return this.#reftable ? [this.#tablesLock] : [...this.#locksOf(ref), this.#packedLock];
  }

  /** To delete a ref, git locks the file of all packed ones. */
  get #packedLock(): string {
    return join(this.#commonDir, "packed-refs.lock");
  }

  /** On reftable, it locks the list of tables for whatever it does. */
  get #tablesLock(): string {
    return join(this.#commonDir, reftableName, "tables.list.lock");
  }
}

async function tablesOf(commonDir: string): Promise<readonly string[]> {
  const dir = join(commonDir, reftableName);
  return (await readdir(dir)).map((name) => join(dir, name));
}

/**
 * Removes the lock of a ref below `refs/ra/` when it is old: only `ra` writes there, so one that has stood for a while
 * was left by a `ra` that was killed. True when there was one.
 */
export async function clearStaleLock(commonDir: string, ref: string): Promise<boolean> {
  if (!ref.startsWith("refs/ra/")) return false;
  const lock = join(commonDir, `${ref}.lock`);
  const made = await stat(lock).catch(() => null);
  // One from the future is old as well: the clock was set back since.
  if (made === null || Math.abs(Date.now() - made.mtimeMs) < staleLockMs) return false;
  await unlink(lock).catch(() => undefined);
  return true;
}

/** Full name of a ref that `pin` may move: below `refs/ra/`, or a branch below `ra/`. */
export function ownRef(name: string): string {
  const ref = name.startsWith("ra/") ? `refs/heads/${name}` : name;
  assertOwn(ref);
  return ref;
}

function assertOwn(ref: string): void {
  const own = ref.startsWith("refs/ra/") || ref.startsWith("refs/heads/ra/");
  assert(own, `only refs of ra's own are moved freely, and \`${ref}\` is not`);
}

function branchName(ref: string): string | null {
  return ref.startsWith("refs/heads/") ? ref.slice("refs/heads/".length) : null;
}
