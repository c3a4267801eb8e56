import { assert } from "../assert.ts";
import { Heap } from "../heap.ts";

/** What the schedule has to know of a task. */
export interface Schedulable {
  /** Positions of the tasks it needs. */
  readonly deps: readonly number[];
  /** Longest way to the end of the graph; greater goes first, then the lower position. */
  readonly priority: number;
  /** Nothing else of the run is running beside it. */
  readonly alone: boolean;
  readonly runner: string;
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
  | { readonly kind: "runner-cap"; readonly runner: string }
  | { readonly kind: "alone" };

type Place = "blocked" | "ready" | "held" | "running" | "settled";

/** Ready tasks that the same things can keep from starting, so that one look serves them all. */
interface Queue {
  /** May hold tasks that are no longer ready; they are dropped when they come up. */
  readonly tasks: Heap<number>;
  /** Set while a running task's claim or the runner's cap keeps the whole queue back. */
  obstacle: Obstacle | null;
  /** Tasks nobody has been told the obstacle of. */
  unexplained: number[];
}

/**
 * Which task may start next, kept up to date in logarithmic time per change. Pure: no clock, no processes.
 * The rule: go through the ready tasks, longest critical path first; stop at the cap, or at a task that wants
 * to be alone while others run; pass over what its runner's cap or a running task's claim forbids.
 */
export class Schedule {
  readonly #tasks: readonly Schedulable[];
  readonly #limits: ScheduleLimits;
  readonly #dependents: number[][];
  readonly #unmet: number[];
  readonly #place: Place[];
  readonly #queues = new Map<string, Queue>();
  readonly #queueOf: Queue[];
  /** The first task of each queue that nothing keeps back. */
  readonly #heads: Heap<number>;
  readonly #keptBack = new Map<number | string, Queue[]>();
  readonly #running = new Set<number>();
  readonly #perRunner = new Map<string, number>();
  readonly #obstacles = new Map<number, Obstacle>();
  #unsettled: number;

  constructor(tasks: readonly Schedulable[], limits: ScheduleLimits) {
    this.#tasks = tasks;
    this.#limits = limits;
    this.#dependents = tasks.map(() => []);
    this.#unmet = tasks.map((task) => task.deps.length);
    this.#place = tasks.map(() => "blocked");
    this.#queueOf = tasks.map((task) => this.#queueFor(task));
    this.#heads = new Heap((a, b) => this.#goesFirst(a, b));
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
      const position = this.#heads.pop();
      if (position === undefined) return null;
      const queue = this.#queueOf[position] as Queue;
      if (queue.obstacle || first(queue, this.#place) !== position) continue;
      const obstacle = this.obstacle(position);
      if (obstacle === null) {
        this.#start(position);
        return position;
      }
      if (obstacle.kind === "alone") {
        this.#heads.push(position);
        this.#obstacles.set(position, obstacle);
        return null;
      }
      this.#keepBack(queue, obstacle);
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
    if (task.alone && this.#running.size > 0) return { kind: "alone" };
    const cap = this.#limits.perRunner[task.runner];
    if (cap !== undefined && (this.#perRunner.get(task.runner) ?? 0) >= cap) {
      return { kind: "runner-cap", runner: task.runner };
    }
    for (const other of this.#running) {
      const globs = this.#limits.clash(position, other);
      if (globs) return { kind: "claim", by: other, globs };
    }
    return null;
  }

  /** Tasks whose obstacle is new since the last call, with it. */
  obstaclesFound(): readonly (readonly [number, Obstacle])[] {
    const found = [...this.#obstacles].filter(([position]) => this.#place[position] === "ready");
    this.#obstacles.clear();
    return found;
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
    const queue = this.#queueOf[position] as Queue;
    this.#place[position] = "running";
    this.#obstacles.delete(position);
    this.#running.add(position);
    this.#count(position, 1);
    this.#offer(queue);
  }

  #leave(position: number): void {
    assert(this.#running.delete(position), `task at ${position} is not running`);
    this.#count(position, -1);
    this.#bringBack(position);
    this.#bringBack((this.#tasks[position] as Schedulable).runner);
  }

  #settle(position: number): void {
    assert(this.#place[position] !== "settled", `task at ${position} has ended before`);
    if (this.#place[position] === "running") this.#leave(position);
    this.#place[position] = "settled";
    this.#unsettled -= 1;
    this.#offer(this.#queueOf[position] as Queue);
  }

  #makeReady(position: number): void {
    const queue = this.#queueOf[position] as Queue;
    this.#place[position] = "ready";
    queue.tasks.push(position);
    queue.unexplained.push(position);
    this.#offer(queue);
  }

  /** Puts the first task of a queue up for starting, unless something keeps the queue back. */
  #offer(queue: Queue): void {
    if (queue.obstacle) return;
    const position = first(queue, this.#place);
    if (position !== undefined) this.#heads.push(position);
  }

  #keepBack(queue: Queue, obstacle: Exclude<Obstacle, { kind: "alone" }>): void {
    queue.obstacle = obstacle;
    for (const position of queue.unexplained) this.#obstacles.set(position, obstacle);
    queue.unexplained = [];
    const key = obstacle.kind === "claim" ? obstacle.by : obstacle.runner;
    const others = this.#keptBack.get(key);
    if (others) others.push(queue);
    else this.#keptBack.set(key, [queue]);
  }

  #bringBack(key: number | string): void {
    const queues = this.#keptBack.get(key);
    if (!queues) return;
    this.#keptBack.delete(key);
    for (const queue of queues) {
      queue.obstacle = null;
      this.#offer(queue);
    }
  }

  #count(position: number, by: number): void {
    const { runner } = this.#tasks[position] as Schedulable;
    this.#perRunner.set(runner, (this.#perRunner.get(runner) ?? 0) + by);
  }

  #goesFirst(a: number, b: number): boolean {
    const one = (this.#tasks[a] as Schedulable).priority;
    const two = (this.#tasks[b] as Schedulable).priority;
    return one === two ? a < b : one > two;
  }

  #queueFor(task: Schedulable): Queue {
    const key = JSON.stringify([task.runner, task.alone, task.claim]);
    const known = this.#queues.get(key);
    if (known) return known;
    const tasks = new Heap<number>((a, b) => this.#goesFirst(a, b));
    const queue: Queue = { tasks, obstacle: null, unexplained: [] };
    this.#queues.set(key, queue);
    return queue;
  }
}

/** The first task of a queue that is still ready; drops those that are not. */
function first(queue: Queue, place: readonly Place[]): number | undefined {
  for (;;) {
    const position = queue.tasks.peek();
    if (position === undefined || place[position] === "ready") return position;
    queue.tasks.pop();
  }
}
