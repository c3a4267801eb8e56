import type { Clock } from "../clock.ts";
import type { Fact } from "../run/event.ts";
import type { Lookout, WorkspaceRequest } from "../workspace/workspace.ts";

/** The shortest time between two looks, in milliseconds. */
const intervalMs = 10_000;

/** Looks rest so many times as long as they took: they may cost a run a twentieth of one core. */
const restFactor = 20;

/** Paths that a foreseen conflict names. */
const pathsMax = 20;

/** Looks at the workspaces of the tasks at work from time to time, and tells once of each pair that will conflict. */
export class Foresight implements AsyncDisposable {
  readonly #lookout: Lookout;
  readonly #clock: Clock;
  readonly #tip: () => string;
  readonly #record: (fact: Fact) => void;
  readonly #watched = new Map<string, WorkspaceRequest>();
  readonly #told = new Set<string>();
  readonly #end = new AbortController();
  #looking: Promise<void> | null = null;

  constructor(input: {
    readonly lookout: Lookout;
    readonly clock: Clock;
    /** The commit that holds what has landed. */
    readonly tip: () => string;
    readonly record: (fact: Fact) => void;
  }) {
    this.#lookout = input.lookout;
    this.#clock = input.clock;
    this.#tip = input.tip;
    this.#record = input.record;
  }

  /** From now on the workspace of an attempt is looked at. */
  watch(request: WorkspaceRequest): void {
    this.#watched.set(request.task, request);
    this.#looking ??= this.#look();
  }

  /** The attempt is about to end: what it left is judged by its merge. */
  leave(task: string): void {
    this.#watched.delete(task);
  }

  /** Ends the looking, and waits for a look that goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#watched.clear();
    // Without a reason it would make an error, with its stack.
    this.#end.abort("ended");
    await this.#looking;
    await this.#lookout[Symbol.asyncDispose]();
  }

  async #look(): Promise<void> {
    let tookMs = 0;
    while (!this.#end.signal.aborted) {
      await this.#clock.sleep(Math.max(intervalMs, restFactor * tookMs), this.#end.signal);
      if (this.#watched.size === 0 || this.#end.signal.aborted) break;
      const started = this.#clock.monotonic();
      // A look that fails, on a full disk say, costs the foresight and nothing else.
      await this.#lookOnce().catch(() => undefined);
      tookMs = this.#clock.monotonic() - started;
    }
    this.#looking = null;
    if (this.#watched.size > 0) this.#looking = this.#look();
  }

  async #lookOnce(): Promise<void> {
    const requests = [...this.#watched.values()];
    const tip = this.#tip();
    if (requests.length < 2 && requests.every(({ base }) => base === tip)) return;
    const isAtWork = (task: string): boolean =>
      requests.some((request) => request === this.#watched.get(task));
    for (const clash of await this.#lookout.look(requests, tip)) {
      const { task, paths } = clash;
      const key = [task, clash.with ?? ""].sort().join(" ");
      // While it was looked at, the attempt may have ended and its facts be written.
      if (this.#told.has(key) || !isAtWork(task)) continue;
      this.#told.add(key);
      const type = "conflict.foreseen";
      this.#record({ type, task, with: clash.with, paths: paths.slice(0, pathsMax) });
    }
  }
}
