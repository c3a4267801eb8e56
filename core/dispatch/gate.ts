/**
 * Step-through: a group of tasks that run together, then a pause until somebody says continue. While a group
 * drains, only its own tasks may start again.
 */
export class Gate {
  #state: "open" | "draining" | "paused" = "open";
  #group: ReadonlySet<number> = new Set();

  get open(): boolean {
    return this.#state === "open";
  }

  get paused(): boolean {
    return this.#state === "paused";
  }

  /** The tasks that ran together, while they drain or wait for an answer. */
  get group(): ReadonlySet<number> {
    return this.#group;
  }

  /** Nothing but this group runs until it has ended. */
  close(group: Iterable<number>): void {
    this.#group = new Set(group);
    this.#state = "draining";
  }

  pause(): void {
    this.#state = "paused";
  }

  /** Lets the next group start. */
  resume(): void {
    this.#state = "open";
    this.#group = new Set();
  }
}
