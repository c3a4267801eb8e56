import { Heap } from "../heap.ts";

/** Ready tasks that the same things can keep from starting, so that one look serves them all. */
interface Queue<O> {
  /** May hold tasks that are no longer ready; they are dropped when they come up. */
  readonly tasks: Heap<number>;
  /** Set while something keeps the whole queue back. */
  obstacle: O | null;
  /** Tasks nobody has been told the obstacle of. */
  unexplained: number[];
  /** Obstacles that all of its tasks were told of again: once each. */
  readonly told: Set<string>;
}

/** The ready tasks of a schedule by what can keep them back. `O`: an obstacle, as the schedule words it. */
export class Queues<O> {
  readonly #goesFirst: (a: number, b: number) => boolean;
  readonly #isReady: (position: number) => boolean;
  readonly #queues = new Map<string, Queue<O>>();
  readonly #queueOf: Queue<O>[] = [];
  /** The first task of each queue that nothing keeps back. */
  readonly #heads: Heap<number>;
  readonly #keptBack = new Map<number | string, Set<Queue<O>>>();
  readonly #obstacles = new Map<number, O>();

  constructor(
    goesFirst: (a: number, b: number) => boolean,
    isReady: (position: number) => boolean,
  ) {
    this.#goesFirst = goesFirst;
    this.#isReady = isReady;
    this.#heads = new Heap(goesFirst);
  }

  /** Says which queue a task stands in once it is ready: tasks with the same key share one. */
  assign(position: number, key: string): void {
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      const tasks = new Heap(this.#goesFirst);
      queue = { tasks, obstacle: null, unexplained: [], told: new Set() };
      this.#queues.set(key, queue);
    }
    this.#queueOf[position] = queue;
  }

  /** The task has become ready. */
  add(position: number): void {
    const queue = this.#of(position);
    queue.tasks.push(position);
    queue.unexplained.push(position);
    this.#offer(queue);
  }

  /** The task is ready no longer; the next of its queue comes up. */
  remove(position: number): void {
    this.#obstacles.delete(position);
    this.#offer(this.#of(position));
  }

  /** The first task that nothing is known to keep back; it has to be put back, kept back or removed. */
  pop(): number | undefined {
    for (;;) {
      const position = this.#heads.pop();
      if (position === undefined) return undefined;
      const queue = this.#of(position);
      if (queue.obstacle === null && this.#first(queue) === position) return position;
    }
  }

  /** The task stays up, with its obstacle told. */
  putBack(position: number, obstacle: O): void {
    this.#heads.push(position);
    this.#obstacles.set(position, obstacle);
  }

  /**
   * The queue of a task waits until one of `ends` comes. `about`: all its tasks are told of the obstacle the first time, and
   * not only those that were told of none; null: it is not worth that.
   */
  keepBack(
    position: number,
    obstacle: O,
    wait: { readonly ends: readonly (number | string)[]; readonly about: string | null },
  ): void {
    const queue = this.#of(position);
    queue.obstacle = obstacle;
    for (const each of queue.unexplained) this.#obstacles.set(each, obstacle);
    queue.unexplained = [];
    if (wait.about !== null && !queue.told.has(wait.about)) {
      queue.told.add(wait.about);
      for (const each of queue.tasks) {
        if (this.#of(each) === queue) this.#obstacles.set(each, obstacle);
      }
    }
    for (const end of wait.ends) {
      const others = this.#keptBack.get(end);
      if (others) others.add(queue);
      else this.#keptBack.set(end, new Set([queue]));
    }
  }

  /** What queues waited for has come. */
  end(key: number | string): void {
    const queues = this.#keptBack.get(key);
    if (!queues) return;
    this.#keptBack.delete(key);
    for (const queue of queues) {
      queue.obstacle = null;
      this.#offer(queue);
    }
  }

  /** Ready tasks whose obstacle is new since the last call, with it. */
  obstaclesFound(): readonly (readonly [number, O])[] {
    const found = [...this.#obstacles].filter(([position]) => this.#isReady(position));
    this.#obstacles.clear();
    return found;
  }

  /** Puts the first task of a queue up for starting, unless something keeps the queue back. */
  #offer(queue: Queue<O>): void {
    if (queue.obstacle !== null) return;
    const position = this.#first(queue);
    if (position !== undefined) this.#heads.push(position);
  }

  #first(queue: Queue<O>): number | undefined {
    for (;;) {
      const position = queue.tasks.peek();
      if (position === undefined) return undefined;
      if (this.#isReady(position) && this.#of(position) === queue) return position;
      queue.tasks.pop();
    }
  }

  #of(position: number): Queue<O> {
    return this.#queueOf[position] as Queue<O>;
  }
}
