import { assert } from "../assert.ts";
import { Queues } from "./queues.ts";
import { choicesOf, type Rest, type Routable, type RouteObstacle, Routes } from "./routes.ts";

/** What the schedule has to know of a task. */
export interface Schedulable extends Routable {
  /** Positions of the tasks it needs. */
  readonly deps: readonly number[];
  /** Longest way to the end of the graph; greater goes first, then the lower position. */
  readonly priority: number;
  /** Nothing else of the run is running beside it. */
  readonly alone: boolean;
  /** Equal for tasks that claim the same paths; empty when the task claims none. */
  readonly claim: string;
}

export interface ScheduleLimits {
  readonly concurrency: number;
  readonly perRunner: Readonly<Record<string, number>>;
  /** Tells whether two tasks claim the same paths, and which globs meet. Symmetric. */
  readonly clash: (mine: number, theirs: number) => GlobPair | null;
}

export interface GlobPair {
  readonly mine: string;
  readonly theirs: string;
}

/** Why a task that is ready does not start. */
export type Obstacle =
  | { readonly kind: "claim"; readonly by: number; readonly globs: GlobPair }
  | RouteObstacle
  | { readonly kind: "alone" };

type Place = "blocked" | "ready" | "held" | "running" | "settled";

/**
 * Which task may start next, kept up to date in logarithmic time per change. Pure: no clock, no processes.
 * The rule: go through the ready tasks, longest critical path first; stop at the cap, or at a task that wants
 * to be alone while others run; pass over what its runner's cap, a provider at rest or a running task's claim forbids.
 * Where a provider rests, whoever is named to do the task instead is looked at in its place.
 */
export class Schedule {
  readonly #tasks: Schedulable[];
  readonly #limits: ScheduleLimits;
  readonly #dependents: number[][];
  readonly #unmet: number[];
  readonly #place: Place[];
  readonly #queues: Queues<Obstacle>;
  readonly #running = new Set<number>();
  readonly #routes: Routes;
  #unsettled: number;

  constructor(tasks: readonly Schedulable[], limits: ScheduleLimits) {
    this.#tasks = [...tasks];
    this.#routes = new Routes(limits.perRunner);
    this.#limits = limits;
    this.#dependents = tasks.map(() => []);
    this.#unmet = tasks.map((task) => task.deps.length);
    this.#place = tasks.map(() => "blocked");
    this.#queues = new Queues(
      (a, b) => this.#goesFirst(a, b),
      (position) => this.#place[position] === "ready",
    );
    tasks.forEach((task, position) => {
      this.#queues.assign(position, queueKey(task));
    });
    this.#unsettled = tasks.length;
    tasks.forEach((task, position) => {
      for (const dep of task.deps) (this.#dependents[dep] as number[]).push(position);
    });
    tasks.forEach((_, position) => {
      if (this.#unmet[position] === 0) this.#makeReady(position);
    });
  }

  /** Tasks that were started and have not ended. */
  get running(): ReadonlySet<number> {
    return this.#running;
  }

  /** How many tasks have not reached an end. */
  get unsettled(): number {
    return this.#unsettled;
  }

  /** True when the task has reached an end. */
  settled(position: number): boolean {
    return this.#place[position] === "settled";
  }

  /** Takes the next task that may start and counts it as running; null when none may. */
  take(): number | null {
    if (this.#full()) return null;
    for (;;) {
      const position = this.#queues.pop();
      if (position === undefined) return null;
      const obstacle = this.obstacle(position);
      if (obstacle === null) {
        this.#start(position);
        return position;
      }
      if (obstacle.kind === "alone") {
        this.#queues.putBack(position, obstacle);
        return null;
      }
      this.#keepBack(position, obstacle);
    }
  }

  /** Takes this one task if it may start now. */
  takeThis(position: number): boolean {
    if (this.#place[position] !== "ready" || this.#full() || this.obstacle(position)) return false;
    this.#start(position);
    return true;
  }

  /** What would keep a ready task from starting now, apart from the cap of the run. */
  obstacle(position: number): Obstacle | null {
    const task = this.#tasks[position] as Schedulable;
    const route = this.#routes.find(task);
    const isResting = typeof route !== "number" && route.kind === "cooldown";
    // A provider may rest for hours: what wants to be alone must not hold up everything for so long.
    if (task.alone && this.#running.size > 0 && !isResting) return { kind: "alone" };
    if (typeof route !== "number") return route;
    for (const other of this.#running) {
      const globs = this.#limits.clash(position, other);
      if (globs) return { kind: "claim", by: other, globs };
    }
    return null;
  }

  /** Which of its choices a running task was started with; 0 is its own runner. */
  choice(position: number): number {
    return this.#routes.taken(position);
  }

  /** Providers that rest: ready tasks may stand that nothing starts. */
  get resting(): ReadonlyMap<string, Rest> {
    return this.#routes.resting;
  }

  /** A provider takes `room` starts, and then none until it is told anew. */
  rest(provider: string, rest: Rest): void {
    this.#routes.rest(provider, rest);
    this.#queues.end(rest.room > 0 ? providerKey(provider) : restKey(provider));
  }

  /** A provider takes as many as come. */
  lift(provider: string): void {
    if (this.#routes.lift(provider)) this.#queues.end(providerKey(provider));
  }

  /** Others do a held task from its next start on. */
  reroute(position: number, to: Omit<Routable, "patienceMs">): void {
    assert(this.#place[position] === "held", `task at ${position} is not held`);
    const { provider = null, instead = [] } = to;
    const task = this.#tasks[position] as Schedulable;
    this.#tasks[position] = { ...task, runner: to.runner, provider, instead };
    this.#queues.assign(position, queueKey(this.#tasks[position]));
  }

  /** Tasks whose obstacle is new since the last call, with it. */
  obstaclesFound(): readonly (readonly [number, Obstacle])[] {
    return this.#queues.obstaclesFound();
  }

  /** A running task gives its slot back without an end: it is ready again at once. */
  again(position: number): void {
    this.#leave(position);
    this.#makeReady(position);
  }

  /** A running task gives its slot back and stays away until `release`. */
  hold(position: number): void {
    this.#leave(position);
    this.#place[position] = "held";
  }

  /** A held task is ready again. */
  release(position: number): void {
    assert(this.#place[position] === "held", `task at ${position} is not held`);
    this.#makeReady(position);
  }

  /** The task ended well: what needed only it becomes ready. */
  done(position: number): void {
    this.#settle(position);
    for (const next of this.#dependents[position] as number[]) {
      const unmet = (this.#unmet[next] as number) - 1;
      this.#unmet[next] = unmet;
      if (unmet === 0 && this.#place[next] === "blocked") this.#makeReady(next);
    }
  }

  /** The task will not be done. Settles everything that needs it, directly or not, and names those. */
  fail(position: number): number[] {
    this.#settle(position);
    const skipped: number[] = [];
    const open = [position];
    for (let from = open.pop(); from !== undefined; from = open.pop()) {
      for (const next of this.#dependents[from] as number[]) {
        if (this.#place[next] === "settled") continue;
        this.#settle(next);
        skipped.push(next);
        open.push(next);
      }
    }
    return skipped.sort((a, b) => a - b);
  }

  #full(): boolean {
    if (this.#running.size >= this.#limits.concurrency) return true;
    for (const position of this.#running) {
      return (this.#tasks[position] as Schedulable).alone;
    }
    return false;
  }

  #start(position: number): void {
    this.#place[position] = "running";
    this.#running.add(position);
    const exhausted = this.#routes.start(position, this.#tasks[position] as Schedulable);
    if (exhausted !== null) this.#queues.end(restKey(exhausted));
    this.#queues.remove(position);
  }

  #leave(position: number): void {
    assert(this.#running.delete(position), `task at ${position} is not running`);
    this.#queues.end(position);
    this.#queues.end(this.#routes.leave(position));
  }

  #settle(position: number): void {
    assert(this.#place[position] !== "settled", `task at ${position} has ended before`);
    if (this.#place[position] === "running") this.#leave(position);
    this.#place[position] = "settled";
    this.#unsettled -= 1;
    this.#queues.remove(position);
  }

  #makeReady(position: number): void {
    this.#place[position] = "ready";
    this.#queues.add(position);
  }

  #keepBack(position: number, obstacle: Exclude<Obstacle, { kind: "alone" }>): void {
    const { resting } = this.#routes;
    const providers = choicesOf(this.#tasks[position] as Schedulable).flatMap(({ provider }) =>
      provider === null ? [] : [provider],
    );
    // Whichever of its providers takes starts again first serves the queue; one that rests lets somebody else have it.
    const ends: (number | string)[] = providers.map((provider) =>
      (resting.get(provider)?.room ?? 1) > 0 ? restKey(provider) : providerKey(provider),
    );
    if (obstacle.kind === "claim") ends.push(obstacle.by);
    else if (obstacle.kind === "runner-cap") ends.push(obstacle.runner);
    const isRefused = obstacle.kind === "cooldown" && obstacle.untilMs > 0;
    const about = isRefused ? obstacle.provider : null;
    this.#queues.keepBack(position, obstacle, { ends, about });
  }

  #goesFirst(a: number, b: number): boolean {
    const one = (this.#tasks[a] as Schedulable).priority;
    const two = (this.#tasks[b] as Schedulable).priority;
    return one === two ? a < b : one > two;
  }
}

/** Tasks with the same key are kept back by the same things. */
function queueKey(task: Schedulable): string {
  return JSON.stringify([choicesOf(task), task.patienceMs ?? 0, task.alone, task.claim]);
}

/** That a provider takes starts again. It may be called as a runner is. */
function providerKey(provider: string): string {
  return `\0${provider}`;
}

/** That a provider takes no more starts. */
function restKey(provider: string): string {
  return `\u0001${provider}`;
}
