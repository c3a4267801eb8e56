import { join } from "node:path";
import { assert } from "../../core/assert.ts";
import type { Queue } from "../../core/queue/queue.ts";
import type { Origin, QueuedRequest } from "../../core/queue/request.ts";
import { findRun } from "../../core/registry/find-run.ts";
import { liveProcesses, newestSeq, runs } from "../../core/registry/query.ts";
import { findQuestion, openQuestions } from "../../core/registry/questions.ts";
import type { Registry } from "../../core/registry/registry.ts";
import { Requests } from "../../core/registry/requests.ts";
import { runnersOf } from "../../core/registry/run-agents.ts";
import type { RunState } from "../../core/run/state.ts";
import { demandTask } from "../address.ts";
import { answerFact, askedIn } from "../answering.ts";
import { continueRun, stopRun } from "../steering.ts";
import { runJson } from "../view/show-json.ts";
import type { Ask } from "./asks.ts";
import type { Accepted, Intake } from "./intake.ts";
import { logExcerpt } from "./log-excerpt.ts";
import { Refusal } from "./refusal.ts";

/** Runs that a page of a list holds. */
const runsMax = 200;

/** What can be asked of the gateway, whichever way it is asked. Each throws `Refusal` or `RaError` where it cannot be done. */
export class Operations {
  readonly #registry: Registry;
  readonly #requests: Requests;
  readonly #queue: Queue;
  readonly #intake: Intake;
  readonly #stateDir: string;

  constructor(registry: Registry, queue: Queue, intake: Intake, stateDir: string) {
    this.#registry = registry;
    this.#stateDir = stateDir;
    this.#requests = new Requests(registry.database);
    this.#queue = queue;
    this.#intake = intake;
  }

  dispatch(ask: Ask, origin: Origin, key: string | null): Accepted {
    return this.#intake.accept(ask, origin, key);
  }

  dispatchAll(asks: readonly Ask[], origin: Origin, key: string | null): Accepted {
    return this.#intake.acceptBatch(asks, origin, key);
  }

  plans(): object {
    const plans = [...this.#intake.plans.values()].map((plan) => {
      const { name, about, params } = plan;
      return { name, about, params, ...this.#intake.outline(plan) };
    });
    return { plans };
  }

  /** True when prompts are open for a way in. */
  takesPrompts(source: string): boolean {
    return this.#intake.takesPrompts(source);
  }

  queue(): object {
    const open = this.#queue.open();
    const running = open.filter(({ status }) => status === "running").length;
    const { mode, cap } = this.#queue.pacing;
    return {
      ...{ mode, cap: mode === "serial" ? 1 : cap, room: this.#queue.room },
      ...{ waiting: open.length - running, running },
      requests: open.map(requestView),
    };
  }

  request(id: string): object {
    return requestView(this.requestOf(id));
  }

  /** Null: there is none. */
  found(id: string): QueuedRequest | null {
    return this.#queue.find(id);
  }

  /** Throws `Refusal` (404) when there is none. */
  requestOf(id: string): QueuedRequest {
    const request = this.#queue.find(id);
    if (request === null) throw unknown("request", id);
    return request;
  }

  /** A batch as its requests stand; `settled` when all of them have ended. */
  batch(id: string): object {
    const requests = this.#requests.ofBatch(id);
    if (requests.length === 0) throw unknown("batch", id);
    return batchView(id, requests);
  }

  cancel(id: string, { sender, source }: Origin): object {
    const cancellation = this.#queue.cancel(id, sender ?? source);
    if (cancellation === "unknown") throw unknown("request", id);
    if (cancellation === "settled")
      throw new Refusal(409, "REQUEST_SETTLED", `request \`${id}\` has ended`);
    return this.request(id);
  }

  processes(): object {
    const { database } = this.#registry;
    return { seq: newestSeq(database), processes: liveProcesses(database) };
  }

  /** The newest runs, or those behind one, and the one behind which there are more; null: there are none. */
  runs(before?: string): object {
    const { database } = this.#registry;
    const from = before === undefined ? {} : { before: this.runId(before) };
    const found = runs(database, { limit: runsMax + 1, ...from });
    const shown = found.slice(0, runsMax);
    const runners = runnersOf(
      database,
      shown.map(({ id }) => id),
    );
    return {
      runs: shown.map((run) => ({ ...run, runners: runners.get(run.id) ?? [] })),
      next: found.length > runsMax ? (shown.at(-1)?.id ?? null) : null,
    };
  }

  async run(text: string): Promise<object> {
    const state = await this.#registry.state(this.runId(text));
    assert(state, `run ${text} is listed, but has no events`);
    const { requestId, finishedAt, owner } = state;
    const driven = finishedAt !== null || this.#registry.database.living.isAttended(owner);
    return { ...runJson(state), requestId, driven };
  }

  /** A run as it stands; null: it has not started. */
  async stateOf(id: string): Promise<RunState | null> {
    return (await this.#registry.state(id)) ?? null;
  }

  /** What the programs of a run, or of one task, printed last. */
  async logs(text: string, task: string | null): Promise<object> {
    const run = this.runId(text);
    const state = await this.#registry.state(run);
    assert(state, `run ${run} is listed, but has no events`);
    if (task !== null) demandTask(state, task);
    return { run, task, text: logExcerpt(state, task, join(this.#stateDir, "runs", run)) };
  }

  /** The id of a run that is there. Throws `RaError` when there is none. */
  runId(text: string): string {
    return findRun(this.#registry.database, text);
  }

  /** What agents wait for, the oldest first. */
  questions(): object {
    return { questions: openQuestions(this.#registry.database) };
  }

  /** Answers a question. The first answer counts, by whichever way it comes: later ones are told who gave it. */
  async answer(gate: string, answer: string, { sender, source }: Origin): Promise<object> {
    const found = findQuestion(this.#registry.database, gate);
    if (found === null) throw unknown("question", gate);
    const { run, task } = found;
    await this.#registry.commit(run, ({ state }) => {
      assert(state, `run ${run} is listed, but has no events`);
      const asked = askedIn(state, task).find(({ question }) => question.gate === gate);
      assert(asked, `question ${gate} is listed, but was not asked`);
      return [answerFact(state, asked, { text: answer }, sender ?? source)];
    });
    return { run, task, gate };
  }

  /** `ended`: how many tasks had ended when the sender saw it wait; null: they do not say. */
  async continue(
    text: string,
    { sender, source }: Origin,
    ended: number | null = null,
  ): Promise<object> {
    const run = this.runId(text);
    await continueRun(this.#registry, run, sender ?? source, ended);
    return { run };
  }

  async stop(text: string, task: string | null, { sender, source }: Origin): Promise<object> {
    const run = this.runId(text);
    await stopRun(this.#registry, { run, task, by: sender ?? source });
    return { run };
  }
}

function unknown(what: string, id: string): Refusal {
  return new Refusal(404, "UNKNOWN", `there is no ${what} \`${id}\``);
}

/** A request as others see it: without its plan. */
export function requestView(request: QueuedRequest): object {
  const { id, run, status, name, source, sender, conversation, batch, key } = request;
  const { cancelledBy, acceptedAt, startedAt, settledAt, exitCode, reason } = request;
  return {
    ...{ id, run, status, name, source, sender, conversation, batch, key },
    ...{ cancelledBy, acceptedAt, startedAt, settledAt, exitCode, reason },
  };
}

/** The requests of a batch, each as it stands. */
export function batchView(id: string, requests: readonly QueuedRequest[]): object {
  const settled = requests.every(({ settledAt }) => settledAt !== null);
  return { id, settled, results: requests.map(requestView) };
}
