import { type BigIntStats, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { RaError } from "../../core/error.ts";
import type { Result } from "../../core/result.ts";
import { continueFileName } from "../followers.ts";
import { readTextFile } from "../plan-file.ts";
import { type DispatchText, readDispatchText } from "./watched-file.ts";

/** One file of the folder, as it was read last. */
export interface SeenFile {
  readonly path: string;
  /** Tells one writing of the file from another. */
  readonly version: string;
  readonly text: string;
  /** Null: it is no dispatch file, or not whole. */
  readonly dispatch: DispatchText | null;
  /** Since when it has been so, by the clock that never jumps. */
  readonly since: number;
  readonly changedAt: bigint;
}

/** Files that are looked at. */
const filesMax = 1_000;

/** The JSON files of a directory, read anew when they change. */
export class Folder {
  readonly #dir: string;
  readonly #clock: Clock;
  #seen = new Map<string, SeenFile>();

  constructor(dir: string, clock: Clock) {
    this.#dir = dir;
    this.#clock = clock;
  }

  /** Every file there is, the one that was changed first at the front. One that changes while it is read is left out. */
  async look(): Promise<readonly SeenFile[]> {
    const found = new Map<string, SeenFile>();
    for (const name of readdirSync(this.#dir).filter(isOurs).sort().slice(0, filesMax)) {
      const path = join(this.#dir, name);
      const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
      if (!stat?.isFile()) continue;
      const known = this.#seen.get(path);
      const file = known?.version === versionOf(stat) ? known : await this.#read(path, stat);
      if (file !== null) found.set(path, file);
    }
    this.#seen = found;
    return [...found.values()].sort((a, b) => Number(a.changedAt - b.changedAt));
  }

  async #read(path: string, before: BigIntStats): Promise<SeenFile | null> {
    // What is too large or not to be read is none of ours, whatever it is.
    const read = await readTextFile(path, path, "PLAN").catch(notOurs);
    const after = statSync(path, { bigint: true, throwIfNoEntry: false });
    const version = versionOf(before);
    if (after === undefined || versionOf(after) !== version || read === null) return null;
    const text = read.ok ? read.value : "";
    return {
      ...{ path, version, text, dispatch: readDispatchText(text) },
      since: this.#clock.monotonic(),
      changedAt: before.mtimeNs,
    };
  }
}

function notOurs(error: unknown): Result<string, unknown> {
  if (error instanceof RaError) return { ok: true, value: "" };
  throw error;
}

function isOurs(name: string): boolean {
  return name.endsWith(".json") && !name.startsWith(".") && name !== continueFileName;
}

function versionOf({ ino, mtimeNs, size }: BigIntStats): string {
  return `${ino} ${mtimeNs} ${size}`;
}
