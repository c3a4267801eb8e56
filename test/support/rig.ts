import { type Clock, systemClock } from "../../core/clock.ts";
import type { Assignment } from "../../core/dispatch/assignment.ts";
import type { AttemptEnd } from "../../core/dispatch/attempt.ts";
import { DiskGuard } from "../../core/dispatch/disk-guard.ts";
import { Dispatcher } from "../../core/dispatch/dispatcher.ts";
import type { Hands, Landed } from "../../core/dispatch/hands.ts";
import { Roster } from "../../core/dispatch/roster.ts";
import type { Caps } from "../../core/dispatch/run-caps.ts";
import { buildGraph, criticalPath } from "../../core/plan/graph.ts";
import type { Plan, Task } from "../../core/plan/plan.ts";
import { runnersOf } from "../../core/plan/task-runners.ts";
import type { Runner } from "../../core/plugin/runner.ts";
import type { Published } from "../../core/run/event.ts";
import type { Landing, Outcome, Usage } from "../../core/run/model.ts";
import { MemoryLog } from "./memory-log.ts";

/** A task with every default, for tests. */
export function makeTask(id: string, overrides: Partial<Task> = {}): Task {
  return {
    id,
    position: 0,
    description: `task ${id}`,
    work: { kind: "command", command: "true" },
    runner: "shell",
    model: null,
    tier: null,
    difficulty: null,
    deps: [],
    parallel: true,
    isolation: "none",
    touching: [],
    keep: [],
    timeoutMs: 60_000,
    verify: null,
    verifyLimits: { timeoutMs: 60_000, tries: 1 },
    retries: { max: 0, backoffMs: 10, maxBackoffMs: 100 },
    scope: "warn",
    onConflict: "error",
    resolver: null,
    allowNoChange: false,
    env: {},
    done: false,
    ...overrides,
  };
}

/** A plan of tasks; positions are filled in. */
export function makePlan(tasks: readonly Task[], overrides: Partial<Plan> = {}): Plan {
  return {
    name: "test",
    mode: "auto",
    concurrency: null,
    base: "HEAD",
    target: null,
    models: {},
    shared: [],
    format: "plan",
    ...overrides,
    tasks: tasks.map((task, position) => ({ ...task, position })),
  };
}

/** A clock that stands still: sleepers wake when the test moves it. */
export class ManualClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  #sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  #wall = 0;

  now(): number {
    return this.#now + this.#wall;
  }

  /** Sets the wall clock alone forward, or back. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  monotonic(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (ms <= 0 || signal?.aborted) return resolve();
      this.#sleepers.push({ at: this.#now + ms, wake: resolve });
      signal?.addEventListener("abort", () => resolve());
    });
  }

  /** Real time: a dispatcher polls the log with it. */
  after = systemClock.after;

  advance(ms: number): void {
    this.#now += ms;
    const due = this.#sleepers.filter(({ at }) => at <= this.#now);
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#now);
    for (const { wake } of due) wake();
  }
}

interface Live {
  readonly assignment: Assignment;
  readonly cancel: AbortSignal;
  readonly answer: (usage: Usage | null) => void;
  readonly end: (outcome: Outcome, usage?: Usage | null) => void;
}

/** Hands whose attempts the test ends, and whose merges go as the test says. */
export class PuppetHands implements Hands {
  readonly live = new Map<string, Live>();
  /** How the result of a task lands; merged when not set. */
  readonly landings = new Map<string, Landing>();
  published: Published | null = null;
  unpublished = false;
  /** How often the target was to be moved. */
  publications = 0;
  readonly #started = new Map<string, () => void>();

  attempt(
    assignment: Assignment,
    cancel: AbortSignal,
    answer: (usage: Usage | null) => void,
  ): Promise<AttemptEnd> {
    const { id } = assignment.task;
    return new Promise((resolve) => {
      const end = (outcome: Outcome, usage: Usage | null = null): void => {
        this.live.delete(id);
        resolve(attemptEnd(outcome, usage));
      };
      cancel.addEventListener("abort", () => end({ kind: "cancelled", by: String(cancel.reason) }));
      this.live.set(id, { assignment, cancel, answer, end });
      this.#started.get(id)?.();
    });
  }

  async land(assignment: Assignment): Promise<Landed> {
    const { id } = assignment.task;
    const landing = this.landings.get(id) ?? { kind: "merged", commit: `commit-${id}` };
    return { landing, warnings: [], result: { base: "base", commit: `left-${id}` } };
  }

  endChecks(): void {}

  async publish(): Promise<Published | null> {
    this.publications += 1;
    return this.published;
  }

  commitOf(task: string): string | null {
    return this.landings.has(task) ? null : `commit-${task}`;
  }

  /** Waits until an attempt of the task runs. */
  started(id: string): Promise<void> {
    if (this.live.has(id)) return Promise.resolve();
    return new Promise((resolve) => this.#started.set(id, resolve));
  }

  /** Ends the live attempt of a task. */
  end(
    id: string,
    outcome: Outcome = { kind: "succeeded", commit: null },
    usage: Usage | null = null,
  ): void {
    this.#of(id).end(outcome, usage);
  }

  /** The model answers the live attempt of a task. */
  answer(id: string, usage: Usage | null = null): void {
    this.#of(id).answer(usage);
  }

  #of(id: string): Live {
    const live = this.live.get(id);
    if (!live) throw new Error(`${id} does not run; running: ${[...this.live.keys()].join(", ")}`);
    return live;
  }
}

function attemptEnd(outcome: Outcome, usage: Usage | null): AttemptEnd {
  const nothing = async (): Promise<void> => {};
  const rest = { usage, durationMs: 1, snapshot: null, base: null, notes: [], findings: [] };
  return { outcome, ...rest, restore: nothing, close: nothing };
}

/** A dispatcher on a memory log, with puppet hands and a clock that the test moves. */
export interface Rig {
  readonly log: MemoryLog;
  readonly hands: PuppetHands;
  readonly clock: ManualClock;
  readonly dispatcher: Dispatcher;
  /** Resolves at the end of the run. */
  readonly finished: Promise<{ status: string; exitCode: number }>;
  /** Status of each task, as the fold tells it. */
  statuses(): Promise<Record<string, string>>;
  /** Lets everything that can happen now happen. */
  settle(): Promise<void>;
}

/** A guard of one disk that wants 100 bytes and looks at it in this thread alone. */
export function guardOf(free: () => number, clock: Clock): DiskGuard {
  const places = [{ name: "workspaces", path: "/work" }];
  const startSampler = () => () => {};
  return new DiskGuard({ places, lowWaterBytes: 100, clock, freeOf: free, startSampler });
}

/** Starts a run of a plan named `r1`. */
export async function startRig(
  plan: Plan,
  options: {
    concurrency?: number;
    stepThrough?: boolean;
    perRunner?: Readonly<Record<string, number>>;
    clock?: ManualClock;
    caps?: Caps;
    /** Bytes that are free at a moment; the guard wants 100. */
    free?: () => number;
  } = {},
): Promise<Rig> {
  const log = new MemoryLog();
  const hands = new PuppetHands();
  const clock = options.clock ?? new ManualClock();
  log.now = () => clock.now();
  const graph = buildGraph(plan.tasks);
  const names = [...new Set(plan.tasks.flatMap(runnersOf))];
  const runners = new Map(names.map((name) => [name, puppetRunner(name)]));
  const concurrency = options.concurrency ?? 3;
  await log.commit("r1", () => [
    {
      type: "run.started",
      name: plan.name,
      planPath: null,
      plan,
      mode: options.stepThrough ? "step-through" : "auto",
      concurrency,
      target: "main",
      base: "base",
      owner: { pid: process.pid, startTicks: null },
      requestId: null,
    },
  ]);
  const roster = new Roster({
    plan,
    graph,
    runners,
    priority: criticalPath(graph, () => 1).priority,
    state: undefined,
  });
  const dispatcher = new Dispatcher({
    run: "r1",
    log,
    clock,
    roster,
    hands,
    concurrency,
    perRunner: options.perRunner ?? {},
    stepThrough: options.stepThrough ?? false,
    ...(options.caps ? { caps: options.caps } : {}),
    ...(options.free === undefined ? {} : { guard: guardOf(options.free, clock) }),
  });
  const finished = dispatcher.run();
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  const statuses = async (): Promise<Record<string, string>> => {
    const state = await log.state("r1");
    return Object.fromEntries([...(state?.tasks ?? [])].map(([id, { status }]) => [id, status]));
  };
  await settle();
  return { log, hands, clock, dispatcher, finished, statuses, settle };
}

/** A runner that does nothing. `gemini` is the one that is not safe beside others. */
export function puppetRunner(name: string): Runner {
  return {
    name,
    traits: { parallel: name !== "gemini", isolation: "none", environment: [] },
    probe: async () => ({ ok: true, version: null }),
    run: async () => ({ ok: true, message: "", usage: null }),
  };
}
