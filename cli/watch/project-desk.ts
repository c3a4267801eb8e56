import { basename } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import { loadPlan } from "../../core/plan/load.ts";
import { Queue } from "../../core/queue/queue.ts";
import { isSettled, type QueuedRequest } from "../../core/queue/request.ts";
import { Registry } from "../../core/registry/registry.ts";
import { Requests } from "../../core/registry/requests.ts";
import type { Place } from "../../core/workspace/place.ts";
import type { Terminal } from "../command.ts";
import { knownOf, loadConfig } from "../config.ts";
import { runnerNames } from "../runner-names.ts";
import { RequestProcesses } from "../serve/driving.ts";
import { InvalidFile } from "../view/problem.ts";
import { fileOf, tellEnd, tellingFiles, type WatchedFile, watchSource } from "./watched-file.ts";

export interface DeskParts {
  readonly place: Place;
  readonly terminal: Pick<Terminal, "env">;
  readonly clock: Clock;
  /** Told what becomes of files. */
  readonly tell: (message: string) => void;
  /** Told of trouble that passes. */
  readonly onTrouble: (error: unknown) => void;
}

/** The files that are for one project: each is a request in its queue, and one of them runs at a time. */
export class ProjectDesk implements AsyncDisposable {
  readonly #parts: DeskParts;
  readonly #registry: Registry;
  readonly #requests: Requests;
  readonly #processes: RequestProcesses;
  readonly #queue: Queue;

  private constructor(parts: DeskParts, registry: Registry) {
    const { place, terminal, clock, onTrouble } = parts;
    this.#parts = parts;
    this.#registry = registry;
    this.#requests = new Requests(registry.database, clock);
    const cwd = place.checkout ?? place.root;
    this.#processes = new RequestProcesses(registry, { cwd, env: terminal.env });
    const store = tellingFiles(this.#requests);
    this.#queue = new Queue({
      // What came by other ways in is for `ra serve`.
      store: { ...store, open: () => this.open() },
      driving: this.#processes,
      pacing: { mode: "serial", cap: 1 },
      ...{ clock, onTrouble, room: limits.queue },
    });
    this.#queue.subscribe((request) => this.#told(request));
  }

  /** Nothing of it runs before `look`. Throws `RaError` (exit 6). */
  static async over(parts: DeskParts): Promise<ProjectDesk> {
    return new ProjectDesk(parts, await Registry.open(parts.place, { clock: parts.clock }));
  }

  /** Requests of files that wait or run. */
  open(): readonly QueuedRequest[] {
    return this.#requests.open().filter(({ source }) => source === watchSource);
  }

  /** The request that came of this writing of a file; null: none. */
  known(key: string): QueuedRequest | null {
    return this.#requests.withKey(watchSource, key);
  }

  /** Starts what may start, and sees to what runs. */
  look(): void {
    this.#queue.look();
  }

  /** Takes a file in; false while there is no room. Throws `InvalidFile` or `RaError` when it cannot be run. */
  async accept(file: WatchedFile, text: string, key: string): Promise<boolean> {
    const { place, terminal } = this.#parts;
    const config = await loadConfig({ root: place.root, env: terminal.env, runners: runnerNames });
    const plan = loadPlan(text, knownOf(config, runnerNames));
    if (!plan.ok)
      throw new InvalidFile("PLAN_INVALID", [{ file: file.path, text, issues: plan.error }]);
    const acceptance = this.#queue.accept([
      {
        ...{ source: watchSource, sender: null, key, batch: null, conversation: watchSource },
        ...{ name: plan.value.name, asked: JSON.stringify(file), plan: text },
      },
    ]);
    return acceptance.kind === "accepted";
  }

  /** Ends the request of a file that does not ask for it any more. */
  end({ id, cancelledBy }: QueuedRequest, file: WatchedFile): void {
    if (cancelledBy === null) this.#queue.cancel(id, basename(file.path));
  }

  /** Tells a file once more how its request ended: whoever had to was killed. */
  async tellAgain(request: QueuedRequest, file: WatchedFile): Promise<void> {
    const { status, exitCode, reason } = request;
    if (status === "queued" || status === "running") return;
    tellEnd(file, { status, exitCode, reason }, await this.#registry.state(request.run));
  }

  /** Starts nothing more, interrupts what it has started, and waits for that: the work is kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue.close();
    await this.#processes.interrupt();
    await this.#registry.close();
  }

  #told(request: QueuedRequest): void {
    const file = fileOf(request);
    if (file === null) return;
    const { run, status, reason } = request;
    const why = isSettled(request) && reason !== null ? `: ${reason}` : "";
    this.#parts.tell(`${basename(file.path)}: run ${run} is ${status}${why}`);
  }
}
