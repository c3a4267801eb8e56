import type { Step } from "./policy.ts";

/** Why a run is being ended: nothing new starts, what runs comes to its end. */
export type EndingKind = "stopped" | "interrupted" | "budget";

/** What comes after a landing or an attempt that has nothing to land. */
type Next = Exclude<Step, { kind: "merge" }>;

/** How far a run is being ended, and which tasks of it. */
export class Ending {
  #kind: EndingKind | null = null;
  #cancelled = false;
  readonly #tasks = new Set<number>();

  /** Null: it goes on. */
  get kind(): EndingKind | null {
    return this.#kind;
  }

  /** True when what runs was told to end as well. */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Nothing new starts. What a person asks for wins over a budget; false: that was asked for before. */
  begin(kind: EndingKind): boolean {
    const isNew = this.#kind === null || (this.#kind === "budget" && kind !== "budget");
    if (isNew) this.#kind = kind;
    return isNew;
  }

  cancel(): void {
    this.#cancelled = true;
  }

  /** A person asked for the end of a task: what it is at may still come to a good end, but nothing is tried again. */
  stopTask(position: number): void {
    this.#tasks.add(position);
  }

  /** What comes next for a task, by the policy and by what was asked for. */
  after(position: number, next: Next): Next {
    const isAgain = next.kind === "retry" || next.kind === "park";
    return isAgain && this.#tasks.has(position) ? { kind: "stopped" } : next;
  }
}
