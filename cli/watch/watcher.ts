import { createHash } from "node:crypto";
import { existsSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { ExitCode, RaError } from "../../core/error.ts";
import { loadPlan } from "../../core/plan/load.ts";
import { registryPath } from "../../core/registry/database.ts";
import { findPlace, type Place } from "../../core/workspace/place.ts";
import type { Terminal } from "../command.ts";
import { renderError } from "../fault.ts";
import { runnerNames } from "../runner-names.ts";
import { say } from "../say.ts";
import { InvalidFile, renderProblems } from "../view/problem.ts";
import { Folder, type SeenFile } from "./folder.ts";
import { ProjectDesk } from "./project-desk.ts";
import { type DispatchText, fileOf, report, withdraw } from "./watched-file.ts";

/** How often the directory is looked at, in milliseconds. */
const lookMs = 400;

/** How long a file that is no JSON is taken for one that is still being written, in milliseconds. */
const quietMs = 2_000;

/** Looks in a row that do not find a file before it counts as gone: some programs write by taking away first. */
const absentMax = 3;

/** Columns of what is told beside a file. */
const columns = 100;

export interface WatcherParts {
  readonly dir: string;
  readonly terminal: Pick<Terminal, "cwd" | "env" | "err">;
  readonly clock: Clock;
}

/** Runs the approved dispatch files of a directory, each in the project that it names. */
export class Watcher implements AsyncDisposable {
  readonly #parts: WatcherParts;
  readonly #folder: Folder;
  /** By state directory. */
  readonly #desks = new Map<string, ProjectDesk>();
  /** Writings of files that nothing more is to be done about. */
  readonly #settled = new Map<string, string>();
  readonly #absent = new Map<string, number>();
  /** What was told last of a file, or of the directory itself. */
  readonly #troubles = new Map<string, string>();
  #turn: Promise<void> = Promise.resolve();
  #stop: (() => void) | null = null;
  #isClosed = false;

  private constructor(parts: WatcherParts) {
    this.#parts = parts;
    this.#folder = new Folder(parts.dir, parts.clock);
  }

  /** Begins to watch; what an earlier one has left where it is started goes on. */
  static async start(parts: WatcherParts): Promise<Watcher> {
    const watcher = new Watcher(parts);
    const place = findPlace(parts.terminal.cwd);
    if (existsSync(registryPath(place.stateDir))) await watcher.#desk(place);
    watcher.#lookSoon(0);
    return watcher;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#stop?.();
    await this.#turn;
    await Promise.all([...this.#desks.values()].map((desk) => desk[Symbol.asyncDispose]()));
  }

  #lookSoon(ms: number): void {
    if (this.#isClosed) return;
    this.#stop = this.#parts.clock.after(ms, () => {
      this.#turn = this.#look().finally(() => this.#lookSoon(lookMs));
    });
  }

  async #look(): Promise<void> {
    try {
      const files = await this.#folder.look();
      for (const file of files) {
        if (this.#isClosed) return;
        if (this.#settled.get(file.path) !== file.version) await this.#see(file);
      }
      this.#endWithdrawn(files);
      for (const desk of this.#desks.values()) desk.look();
      this.#troubles.delete(this.#parts.dir);
    } catch (error) {
      this.#told(error, this.#parts.dir);
    }
  }

  /** Once for each time that it begins. */
  #told(error: unknown, about: string): void {
    const { message } = error as Error;
    if (message !== this.#troubles.get(about)) say(this.#parts.terminal, message);
    this.#troubles.set(about, message);
  }

  async #see(file: SeenFile): Promise<void> {
    const { path, text, dispatch, since } = file;
    const done = (): void => void this.#settled.set(path, file.version);
    try {
      if (dispatch === null) {
        if (isWhole(text) || !isMeant(text)) done();
        else if (this.#parts.clock.monotonic() - since >= quietMs) throw invalid(path, text);
      } else if (dispatch.status !== "approved") done();
      else if (await this.#take(file, dispatch)) done();
    } catch (error) {
      if (!(error instanceof RaError)) throw error;
      // The registry or the disk, not the file: that passes.
      if (error.exitCode === ExitCode.environment && !isOfProject(error))
        return this.#told(error, path);
      report(path, reasonText(error));
      say(this.#parts.terminal, `${basename(path)} is not run: ${error.message}`);
      done();
    }
  }

  /** True when nothing more is to be done about this writing of the file. Throws `RaError` when it cannot be run. */
  async #take(file: SeenFile, { identity, project }: DispatchText): Promise<boolean> {
    const { path, version, text } = file;
    const desk = await this.#desk(this.#placeOf(project));
    const watched = { path, identity };
    if (desk.open().some((request) => fileOf(request)?.path === path)) return false;
    const digest = createHash("sha256").update(`${version}\n${text}`).digest("hex");
    const key = `${digest.slice(0, 32)} ${path}`;
    const before = desk.known(key);
    if (before !== null) {
      await desk.tellAgain(before, watched);
      return true;
    }
    if (!(await desk.accept(watched, text, key))) return false;
    withdraw(path);
    return true;
  }

  /** Ends what a file does not ask for any more: it says so, asks for something else, or is gone. */
  #endWithdrawn(files: readonly SeenFile[]): void {
    const byPath = new Map(files.map((file) => [file.path, file]));
    for (const desk of this.#desks.values()) {
      for (const request of desk.open()) {
        const watched = fileOf(request);
        if (watched === null || dirname(watched.path) !== this.#parts.dir) continue;
        const file = byPath.get(watched.path);
        const absent = file === undefined ? (this.#absent.get(watched.path) ?? 0) + 1 : 0;
        this.#absent.set(watched.path, absent);
        const said = file?.dispatch ?? null;
        const isOther = said !== null && said.identity !== watched.identity;
        if (absent >= absentMax || isOther || said?.status === "stopped")
          desk.end(request, watched);
      }
    }
  }

  /** Where a file wants to be run. Throws `RaError` (exit 2) when there is no such place. */
  #placeOf(project: string | null): Place {
    const { cwd } = this.#parts.terminal;
    if (project === null) return findPlace(cwd);
    const dir = resolve(cwd, project);
    if (statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return findPlace(dir);
    throw new RaError({
      code: "PROJECT_UNKNOWN",
      exitCode: ExitCode.usage,
      message: `its \`project\` is no directory: \`${project}\``,
      hint: "name a directory by its whole path, or leave it out",
    });
  }

  async #desk(place: Place): Promise<ProjectDesk> {
    const { terminal, clock } = this.#parts;
    const known = this.#desks.get(place.stateDir);
    if (known !== undefined) return known;
    const desk = await ProjectDesk.over({
      ...{ place, terminal, clock },
      tell: (message) => say(terminal, message),
      onTrouble: (error) => this.#told(error, place.stateDir),
    });
    this.#desks.set(place.stateDir, desk);
    return desk;
  }
}

function isWhole(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Files of other programs lie beside it, and may be half-written as well. */
function isMeant(text: string): boolean {
  return text.includes('"status"') && text.includes('"tasks"');
}

function invalid(path: string, text: string): RaError {
  const plan = loadPlan(text, { runners: runnerNames });
  const issues = plan.ok
    ? [{ code: "PLAN_SYNTAX", message: "it is no JSON", line: 1, column: 1, length: 1 }]
    : plan.error;
  return new InvalidFile("PLAN_INVALID", [{ file: path, text, issues }]);
}

/** What is wrong with where the file wants to be run, which it may name otherwise. */
function isOfProject({ code }: RaError): boolean {
  return code.startsWith("PROJECT_") || code === "GIT_BROKEN_LINK";
}

function reasonText(error: RaError): string {
  if (error instanceof InvalidFile) return renderProblems(error.reports, { color: false, columns });
  return renderError(error, false);
}

/** The directory to watch, as nobody else names it. Throws `RaError` (exit 2) when there is none. */
export function watchedDirectory(cwd: string, given: string): string {
  const dir = resolve(cwd, given);
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return realpathSync(dir);
  throw new RaError({
    code: "DIR_UNKNOWN",
    exitCode: ExitCode.usage,
    message: `there is no directory \`${given}\``,
    hint: "name the one in which dispatch files appear",
  });
}
