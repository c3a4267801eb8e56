import { lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, systemClock } from "../clock.ts";
import { ExitCode, RaError } from "../error.ts";
import { HeldClaims } from "../registry/claims.ts";
import type { RegistryDatabase } from "../registry/database.ts";
import { endedTasks, liveProcesses, newestSeq } from "../registry/query.ts";
import type { Registry } from "../registry/registry.ts";
import { processesJson } from "./processes.ts";
import { type StateReport, stateMarkdown } from "./state-md.ts";

/** Files are replaced at most this often. */
const pauseMs = 50;
/** A replacement is followed by so many times the time it took: it holds the registry's lock and the loop. */
const restFactor = 20;
/** Readers are never further behind than this. */
const pauseMaxMs = 500;
const endedMax = 10;

export interface ReportOptions {
  readonly clock?: Clock;
  /** Called once, for the first failure. The files then lag behind; nothing else does. */
  readonly onError?: (error: unknown) => void;
}

/** Keeps `.ra/processes.json` and `.ra/state.md` of a checkout up to date with what this process records. */
export class ReportWriter implements AsyncDisposable {
  readonly #registry: Registry;
  readonly #root: string;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #leave: () => void;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #nextAt = Number.NEGATIVE_INFINITY;
  #hasFailed = false;

  /** `root`: the main checkout. */
  constructor(
    registry: Registry,
    root: string,
    { clock = systemClock, onError = () => {} }: ReportOptions = {},
  ) {
    this.#registry = registry;
    this.#root = root;
    this.#clock = clock;
    this.#onError = onError;
    this.#leave = registry.subscribe(() => this.#schedule());
  }

  /** Writes the files a last time and stops. Before the registry is closed. Never throws. */
  async close(): Promise<void> {
    this.#leave();
    await this.#registry.flush();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#write();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #schedule(): void {
    if (this.#timer !== null) return;
    const waitMs = Math.max(0, this.#nextAt - this.#clock.monotonic());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#write();
    }, waitMs);
    // The last write is that of `close`; a report must not keep a process alive.
    this.#timer.unref();
  }

  #write(): void {
    const began = this.#clock.monotonic();
    try {
      writeReports(this.#registry.database, this.#root, this.#clock.now());
    } catch (error) {
      if (!this.#hasFailed) this.#onError(error);
      this.#hasFailed = true;
    }
    const ended = this.#clock.monotonic();
    this.#nextAt = ended + Math.min(Math.max(pauseMs, restFactor * (ended - began)), pauseMaxMs);
  }
}

/**
 * Replaces both files with what the registry says now. It looks and renames while it holds the write lock, so files
 * are replaced in the order of the log, however many processes write them. `nowMs`: the wall clock.
 */
export function writeReports(database: RegistryDatabase, root: string, nowMs: number): void {
  const directory = join(root, ".ra");
  database.immediate(() => {
    prepareDirectory(directory);
    const report = look(database, nowMs);
    replace(join(directory, "processes.json"), processesJson(report));
    replace(join(directory, "state.md"), stateMarkdown(report));
  });
}

function look(database: RegistryDatabase, nowMs: number): StateReport {
  return {
    seq: newestSeq(database),
    generatedAt: new Date(nowMs).toISOString(),
    processes: liveProcesses(database),
    claims: new HeldClaims(database).beside(""),
    ended: endedTasks(database, { limit: endedMax }),
  };
}

/** A repository could bring a link of that name, which would lead the files anywhere. */
function prepareDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (lstatSync(directory).isSymbolicLink()) {
    throw new RaError({
      code: "REPORT_LINK",
      exitCode: ExitCode.environment,
      message: `\`${directory}\` is a symbolic link`,
      hint: "remove the link; `ra` makes the directory itself",
    });
  }
  const ignore = join(directory, ".gitignore");
  // An empty one is what a power cut left before it was flushed.
  if ((lstatSync(ignore, { throwIfNoEntry: false })?.size ?? 0) > 0) return;
  replace(ignore, "*\n", true);
}

/** Readers see the old text or the new one, never a part. Only under the registry's lock: the draft has one name. */
function replace(path: string, text: string, flush = false): void {
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, text, { flag: "wx", mode: 0o600, flush });
  renameSync(draft, path);
}
