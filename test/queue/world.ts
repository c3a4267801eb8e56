import { type Clock, systemClock } from "../../core/clock.ts";
import type { Pacing } from "../../core/queue/policy.ts";
import { Queue } from "../../core/queue/queue.ts";
import type { QueuedRequest, RequestStore } from "../../core/queue/request.ts";

/** What became of a run in the world of a test. */
interface FakeRun {
  status: "driven" | "idle" | "succeeded" | "failed" | "stopped" | "interrupted";
  /** How often it was opened: more than once would be its work done twice. */
  opened: number;
  stops: number;
}

/** Programs and runs as a queue sees them. They outlive the queue, as real ones do. */
export class FakeWorld {
  readonly runs = new Map<string, FakeRun>();
  readonly troubles: unknown[] = [];
  readonly told: string[] = [];
  readonly #store: RequestStore;
  readonly #view: Pick<RequestStore, "find">;
  /** Programs under way, by request: ends them. */
  readonly #programs = new Map<string, () => void>();
  #timers: (() => void)[] = [];
  #now = 0;
  /** Set: programs do not start. */
  startFails = false;
  queue!: Queue;

  constructor(store: RequestStore, view: Pick<RequestStore, "find">, pacing: Pacing, room = 64) {
    this.#store = store;
    this.#view = view;
    this.restart(pacing, room);
  }

  /** A new queue on the same store, as after a kill: the old one does nothing more. */
  restart(pacing: Pacing, room = 64): void {
    // What a dead process waited for never comes.
    this.#timers = [];
    const clock: Clock = {
      ...systemClock,
      monotonic: () => this.#now,
      after: (_ms, work) => {
        this.#timers.push(work);
        return () => {
          this.#timers = this.#timers.filter((one) => one !== work);
        };
      },
    };
    this.queue = new Queue({
      store: this.#store,
      clock,
      pacing,
      room,
      driving: {
        start: (request) => this.#start(request),
        standing: async ({ run }) => this.#standing(run),
        stop: async ({ run }) => {
          const found = this.runs.get(run);
          if (found?.status === "driven" && found.stops === 0) found.stops += 1;
        },
      },
      onTrouble: (error) => this.troubles.push(error),
    });
    this.queue.subscribe(({ name, status }) => this.told.push(`${name} ${status}`));
    this.queue.look();
  }

  /** Names of requests whose programs are under way. */
  get driving(): string[] {
    return [...this.#programs.keys()].map((id) => this.#view.find(id)?.name ?? "").sort();
  }

  /** The program of a request comes to its end, and its run does what is said of it. */
  end(name: string, status: FakeRun["status"] = "succeeded"): void {
    const [id, end] =
      [...this.#programs].find(([one]) => this.#view.find(one)?.name === name) ?? [];
    if (id === undefined || end === undefined) throw new Error(`${name} does not run`);
    const run = this.runs.get(this.#view.find(id)?.run ?? "");
    if (run !== undefined) run.status = status;
    this.#programs.delete(id);
    end();
  }

  /** Lets everything happen that can happen now, waits included. */
  async settle(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 10; j++) await new Promise((resolve) => setImmediate(resolve));
      // Further than any rest.
      this.#now += 60_000;
      for (const work of this.#timers.splice(0)) work();
    }
    for (let j = 0; j < 10; j++) await new Promise((resolve) => setImmediate(resolve));
  }

  async #start({ id, run }: QueuedRequest): Promise<void> {
    if (this.startFails) throw new Error("no program starts");
    const found = this.runs.get(run);
    // A second driver of a run is refused by the run itself, which has one owner.
    if (found?.status === "driven") return;
    if (found === undefined) this.runs.set(run, { status: "driven", opened: 1, stops: 0 });
    else found.status = "driven";
    await new Promise<void>((resolve) => this.#programs.set(id, resolve));
  }

  #standing(run: string) {
    const status = this.runs.get(run)?.status ?? "idle";
    if (status === "idle" || status === "driven") return { kind: status };
    if (status === "interrupted") return { kind: "ended" as const, settlement: null };
    const settlement = {
      succeeded: { status: "fulfilled", exitCode: 0, reason: null },
      failed: { status: "rejected", exitCode: 1, reason: "a: failed" },
      stopped: { status: "cancelled", exitCode: 1, reason: "stopped" },
    } as const;
    return { kind: "ended" as const, settlement: settlement[status] };
  }
}
