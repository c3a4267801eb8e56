import { RaError } from "../../core/error.ts";
import { type Apart, startApart } from "../../core/process/apart.ts";
import { standingOf } from "../../core/process/living.ts";
import type { Driving, RunStanding } from "../../core/queue/queue.ts";
import type { QueuedRequest } from "../../core/queue/request.ts";
import type { Registry } from "../../core/registry/registry.ts";
import { Requests } from "../../core/registry/requests.ts";
import type { Terminal } from "../command.ts";
import { self } from "../custody.ts";
import { holdOf } from "../driven.ts";
import { stopRun } from "../steering.ts";
import { fileOf, tellEnd } from "../watch/watched-file.ts";
import { settlementOf } from "./settlement.ts";

/** The hidden first word under which `ra` drives one request; its id follows. */
export const requestWord = "__request";

/** Drives requests in processes of their own, one for each, that outlive this one. */
export class RequestProcesses implements Driving {
  readonly #registry: Registry;
  readonly #requests: Requests;
  readonly #terminal: Pick<Terminal, "cwd" | "env">;
  readonly #processes = new Set<Apart>();

  constructor(registry: Registry, terminal: Pick<Terminal, "cwd" | "env">) {
    this.#registry = registry;
    this.#requests = new Requests(registry.database);
    this.#terminal = terminal;
  }

  async start({ id }: QueuedRequest): Promise<void> {
    const { cwd, env } = this.#terminal;
    const started = startApart([...self, requestWord, id], { cwd, env });
    this.#processes.add(started);
    await started.exited;
    this.#processes.delete(started);
  }

  async standing(request: QueuedRequest): Promise<RunStanding> {
    const { id, run, cancelledBy } = request;
    if (this.#requests.driver(id) !== null) return { kind: "driven" };
    const state = await this.#registry.state(run);
    // A run of somebody else that happens to have its id: the next process to drive it takes another one.
    if (state === undefined || state.requestId !== id) return { kind: "idle" };
    if (state.finishedAt !== null) {
      const settlement = settlementOf(state, cancelledBy !== null);
      const file = fileOf(request);
      if (file !== null && settlement !== null) tellEnd(file, settlement, state);
      return { kind: "ended", settlement };
    }
    const isDriven = standingOf(state.owner) !== "dead" || holdOf(state) !== null;
    return isDriven ? { kind: "driven" } : { kind: "idle" };
  }

  async stop({ id, run, cancelledBy }: QueuedRequest): Promise<void> {
    const state = await this.#registry.state(run);
    if (state === undefined || state.requestId !== id || state.finishedAt !== null) return;
    if (
      state.stopRequested ||
      state.requests.some(({ action, task }) => action === "stop" && task === null)
    )
      return;
    try {
      await stopRun(this.#registry, { run, task: null, by: cancelledBy ?? "the gateway" });
    } catch (error) {
      // It ended meanwhile, or nobody drives it: the queue sees that next.
      if (!(error instanceof RaError)) throw error;
    }
  }

  /** Has every run that this process started interrupted, and waits until they have ended: their work is kept. */
  async interrupt(): Promise<void> {
    for (const one of this.#processes) one.end();
    await Promise.all([...this.#processes].map(({ exited }) => exited));
  }
}
